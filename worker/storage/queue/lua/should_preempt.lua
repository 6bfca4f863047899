-- uses: queue/names
-- keys: base; args: queue, tenant, score; returns whether a pop would return another job, if the
-- tenant requeued its running job of that score now
local tenant = ARGV[2]
if #redis.call('ZRANGEBYSCORE', list(tenant), '-inf', '(' .. ARGV[3], 'LIMIT', 0, 1) > 0 then
  return 1
end
local now = tonumber(redis.call('GET', clock) or '0')
local mine = math.max(now, tonumber(redis.call('ZSCORE', finish, tenant) or '0'))
for _, other in ipairs(redis.call('ZRANGEBYSCORE', ranks, '-inf', mine)) do
  if other ~= tenant and free(other) > 0 and redis.call('ZCARD', list(other)) > 0 then return 1 end
end
return 0
