-- keys: lease, job, poses, messages
-- args: token, ttl ms, release (0, 1, or 2 = until its next turn), number of fields,
--       (field, JSON)..., place of the log entry (-1 = none), log entry, (id, type, data)...
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local at = 5 + 2 * tonumber(ARGV[4])
local place = tonumber(ARGV[at])
local length = redis.call('LLEN', KEYS[3])
-- looked at before the first write, as nothing is rolled back
if length < place then return redis.error_reply('pose log has a gap') end
for field = 5, at - 2, 2 do
  redis.call('HSET', KEYS[2], ARGV[field], ARGV[field + 1])
end
if length == place then redis.call('RPUSH', KEYS[3], ARGV[at + 1]) end
at = at + 2
local added = 0
while ARGV[at] do
  local reply = redis.pcall('XADD', KEYS[4], ARGV[at], 'type', ARGV[at + 1], 'data', ARGV[at + 2])
  if type(reply) == 'table' and reply.err then
    -- a replayed message is already there
    if not string.find(reply.err, 'equal or smaller', 1, true) then return reply end
  else
    added = added + 1
  end
  at = at + 3
end
if ARGV[3] ~= '0' then
  redis.call('HSET', KEYS[2], 'held', '0')
  if ARGV[3] == '2' then redis.call('HSET', KEYS[2], 'turn', '1') end
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return added
