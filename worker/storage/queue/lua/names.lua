-- Keys of the fair queue share the hash tag `{wait}`. A script is given their common prefix and
-- builds the names of the lists, as it only learns in Redis which tenants it needs.
--
-- Start-time fair queuing (Goyal, Vin, Cheng 1996): each tenant has a rank, the virtual time at which
-- its next job starts; the lowest rank is served, and rises by the cost of that tenant's jobs. The
-- queue's clock is the rank of the job served last: a tenant that returns after a pause starts there,
-- so that it has neither saved up time nor lost any.
local base, queue = KEYS[1], KEYS[1] .. ':' .. ARGV[1]
local ranks, clock, finish = queue .. ':ranks', queue .. ':clock', queue .. ':finish'
local limits, pace, queued = base .. ':limits', base .. ':pace', base .. ':queued'
local function list(tenant) return queue .. ':jobs:' .. tenant end
local function cost(tenant)
  local known = redis.call('HGET', pace, ARGV[1] .. ':' .. tenant)
    or redis.call('HGET', pace, ARGV[1])
  return math.max(tonumber(known or '1'), 0.001)
end
local holds_jobs = ARGV[1] ~= 'manifest'
local function free(tenant)
  if not holds_jobs then return 1 end
  local most = tonumber(redis.call('HGET', limits, tenant) or '-1')
  if most < 0 then return math.huge end
  return most - redis.call('ZCARD', base .. ':running:' .. tenant)
end
