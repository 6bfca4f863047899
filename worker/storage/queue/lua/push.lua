-- keys: base, all lists of the tenant; args: queue, tenant, most running, most waiting (-1 = any),
--       (score, job)...; returns how many wait, or -1 where they would be too many
local tenant, most = ARGV[2], tonumber(ARGV[4])
local there = 0
for place = 2, #KEYS do there = there + redis.call('ZCARD', KEYS[place]) end
if most >= 0 and there + (#ARGV - 4) / 2 > most then return -1 end
redis.call('HSET', limits, tenant, ARGV[3])
for at = 5, #ARGV, 2 do
  redis.call('ZADD', list(tenant), ARGV[at], ARGV[at + 1])
  redis.call('ZREM', base .. ':running:' .. tenant, ARGV[at + 1])
  redis.call('ZREM', queued, ARGV[at + 1])
end
if not redis.call('ZSCORE', ranks, tenant) then
  local now = tonumber(redis.call('GET', clock) or '0')
  local ended = tonumber(redis.call('ZSCORE', finish, tenant) or '0')
  redis.call('ZADD', ranks, math.max(now, ended), tenant)
end
return there + (#ARGV - 4) / 2
