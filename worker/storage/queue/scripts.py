"""The atomic scripts of the fair queue; `waiting.py` says what they are for.

Its keys share the hash tag `{wait}`, so a cluster keeps them in one slot. A script gets their
common beginning and makes the names of the lists that only Redis knows it needs.

Start-time fair queuing (Goyal, Vin, Cheng 1996): each tenant has a rank, the virtual time at which
its next job starts; the lowest rank is served, and rises by what a job of that tenant costs. The
queue's clock is the rank of the job that was served last: who comes back after a pause starts
there, so that nobody saves up time, and nobody is made to wait for what others had meanwhile.
"""

from __future__ import annotations

_NAMES = """
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
"""

ENTER = (
    _NAMES
    + """
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
"""
)

PULL = (
    _NAMES
    + """
-- keys: base; args: queue, unix time; returns {job, tenant}, or nothing
local function serve(tenant, rank)
  local job = redis.call('ZPOPMIN', list(tenant))[1]
  if job then
    -- a tenant that was held back by its limit has not saved up time
    local now = math.max(tonumber(rank), tonumber(redis.call('GET', clock) or '0'))
    redis.call('SET', clock, string.format('%.6f', now))
    redis.call('ZREMRANGEBYSCORE', finish, '-inf', now)
    redis.call('ZADD', finish, now + cost(tenant), tenant)
    redis.call('ZADD', base .. ':running:' .. tenant, ARGV[2], job)
    redis.call('SADD', base .. ':busy', tenant)
    redis.call('ZADD', queued, ARGV[2], job)
  end
  if redis.call('ZCARD', list(tenant)) > 0 then
    redis.call('ZADD', ranks, redis.call('ZSCORE', finish, tenant), tenant)
  else
    redis.call('ZREM', ranks, tenant)
  end
  return job
end
local first, page = 0, 32
while true do
  local rows = redis.call('ZRANGE', ranks, first, first + page - 1, 'WITHSCORES')
  for at = 1, #rows, 2 do
    if free(rows[at]) > 0 then
      local job = serve(rows[at], rows[at + 1])
      if job then return {job, rows[at]} end
      first = first - 1
    end
  end
  if #rows < 2 * page then return false end
  first = first + page
end
"""
)

LEAVE = """
-- keys: base; args: tenant, job, unix time where it runs now ('' = it is over), queues...
local base, running = KEYS[1], KEYS[1] .. ':running:' .. ARGV[1]
for at = 4, #ARGV do
  local list = base .. ':' .. ARGV[at] .. ':jobs:' .. ARGV[1]
  if redis.call('ZREM', list, ARGV[2]) == 1 and redis.call('ZCARD', list) == 0 then
    redis.call('ZREM', base .. ':' .. ARGV[at] .. ':ranks', ARGV[1])
  end
end
redis.call('ZREM', base .. ':queued', ARGV[2])
if ARGV[3] == '' then
  redis.call('ZREM', running, ARGV[2])
else
  redis.call('ZADD', running, ARGV[3], ARGV[2])
  redis.call('SADD', base .. ':busy', ARGV[1])
end
return 1
"""

PLACE = (
    _NAMES
    + """
-- keys: base; args: queue, tenant, job; returns how many start before it, -1 where it is not there
local tenant = ARGV[2]
local own = redis.call('ZRANK', list(tenant), ARGV[3])
local start = redis.call('ZSCORE', ranks, tenant)
if not own or not start then return -1 end
local mine, before = tonumber(start) + own * cost(tenant), own
local rows = redis.call('ZRANGEBYSCORE', ranks, '-inf', mine, 'WITHSCORES')
for at = 1, #rows, 2 do
  local other = rows[at]
  if other ~= tenant then
    local turns = (mine - tonumber(rows[at + 1])) / cost(other)
    local earlier = math.ceil(turns)
    -- of one rank, names decide, as they do in the list
    if earlier == turns and other < tenant then earlier = earlier + 1 end
    before = before + math.min(earlier, redis.call('ZCARD', list(other)))
  end
end
return before
"""
)

OTHERS = (
    _NAMES
    + """
-- keys: base; args: queue, tenant, score; returns whether a pull would find anybody before a job of
-- that score that the tenant, which has just had a turn, puts back
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
"""
)

STARTABLE = (
    _NAMES
    + """
-- keys: base; args: queue, enough; returns how many jobs could be pulled now, `enough` at most
local found, enough = 0, tonumber(ARGV[2])
for _, tenant in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
  found = found + math.max(0, math.min(free(tenant), redis.call('ZCARD', list(tenant))))
  if found >= enough then return enough end
end
return found
"""
)
