-- Its keys share the hash tag `{wait}`, so a cluster keeps them in one slot. A script gets their
-- common beginning and makes the names of the lists that only Redis knows it needs.
--
-- Start-time fair queuing (Goyal, Vin, Cheng 1996): each tenant has a rank, the virtual time at which
-- its next job starts; the lowest rank is served, and rises by what a job of that tenant costs. The
-- queue's clock is the rank of the job that was served last: who comes back after a pause starts
-- there, so that nobody saves up time, and nobody is made to wait for what others had meanwhile.
local base, queue = KEYS[1], KEYS[1] .. ':' .. ARGV[1]
local ranks, clock, finish = queue .. ':ranks', queue .. ':clock', queue .. ':finish'
local limits, pace, queued = base .. ':limits', base .. ':pace', base .. ':queued'
local function list(tenant) return queue .. ':jobs:' .. tenant end
local function cost(tenant)
  local known = redis.call('HGET', pace, ARGV[1] .. ':' .. tenant)
    or redis.call('HGET', pace, ARGV[1])
  return math.max(tonumber(known or '1'), 0.001)
end
local function free(tenant)
  local most = tonumber(redis.call('HGET', limits, tenant) or '-1')
  if most < 0 then return math.huge end
  return most - redis.call('ZCARD', base .. ':running:' .. tenant)
end
