-- uses: queue/lists, jobs/firehose
-- transition: nothing -> waiting
-- keys: job, base, jobs of the tenant, deadlines, jobs that read the upload, Idempotency-Key,
--       partition of the firehose, ids of erased jobs
-- args: job id, tenant, queue, most running, most queued (-1 = no limit), score, now,
--       its event `job.queued` ('' = not shown to the tenant), deadline ('' = none),
--       reads an upload (0, 1), (field, JSON)...
-- returns 1; 0 for an existing job, -1 if too many are queued, -2 if one of this id was erased lately:
-- nothing is written then
local function answer()
  if redis.call('EXISTS', KEYS[6]) == 1 then redis.call('HSET', KEYS[6], 'answer', ARGV[1]) end
end
if redis.call('HEXISTS', KEYS[1], 'id') == 1 then
  answer()
  return 0
end
if tonumber(redis.call('ZSCORE', KEYS[8], ARGV[1]) or '0') > tonumber(ARGV[7]) then return -2 end
local most = tonumber(ARGV[5])
if most >= 0 and count_waiting(KEYS[2], ARGV[2]) >= most then return -1 end
redis.call('HSET', KEYS[1], unpack(ARGV, 11))
push(KEYS[2], ARGV[3], ARGV[2], ARGV[4], ARGV[6], ARGV[1])
if ARGV[8] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[7], ARGV[1])
  tell(KEYS[7], ARGV[1], ARGV[2], '0-0', 'job.queued', ARGV[8])
end
if ARGV[9] ~= '' then redis.call('ZADD', KEYS[4], ARGV[9], ARGV[1]) end
if ARGV[10] == '1' then redis.call('SADD', KEYS[5], ARGV[1]) end
answer()
return 1
