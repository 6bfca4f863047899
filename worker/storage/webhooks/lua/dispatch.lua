-- keys: job, dispatch cursor, ids of deliveries, ordered queue...
-- args: version, whether the job must exist (0, 1), ttl s, number of fields, (field, value)...,
--       (number of the queue, delivery id, item)...
-- returns 1; 0 if the version has changed, -1 if the job is erased: nothing is written then
if ARGV[2] == '1' and redis.call('HEXISTS', KEYS[1], 'id') == 0 then return -1 end
if (redis.call('HGET', KEYS[2], 'version') or '0') ~= ARGV[1] then return 0 end
local at = 5 + 2 * tonumber(ARGV[4])
for field = 5, at - 2, 2 do
  redis.call('HSET', KEYS[2], ARGV[field], ARGV[field + 1])
end
redis.call('HINCRBY', KEYS[2], 'version', 1)
redis.call('EXPIRE', KEYS[2], ARGV[3])
local touched = {}
while ARGV[at] do
  local lane = KEYS[3 + tonumber(ARGV[at])]
  redis.call('SADD', KEYS[3], ARGV[at + 1])
  redis.call('RPUSH', lane, ARGV[at + 2])
  touched[lane] = true
  at = at + 3
end
for lane in pairs(touched) do
  redis.call('EXPIRE', lane, ARGV[3])
  redis.call('EXPIRE', KEYS[3], ARGV[3])
end
return 1
