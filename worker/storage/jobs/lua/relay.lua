-- keys: job, partition of the firehose
-- args: job id, tenant, id of the last message relayed by this ('' = unchanged),
--       (entry id, type, data)...
-- does nothing for an erased job
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
for at = 4, #ARGV, 3 do
  redis.call('XADD', KEYS[2], '*', 'job', ARGV[1], 'tenant', ARGV[2], 'id', ARGV[at],
    'type', ARGV[at + 1], 'data', ARGV[at + 2])
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'fired', ARGV[3]) end
return 1
