"""The atomic scripts of webhooks. Portable to Redis 7.0 and Valkey; keys are in `keys.py`."""

from __future__ import annotations

DISPATCH = """
-- keys: job, dispatched, sent, lane...
-- args: version, job must be there (0, 1), ttl s, number of fields, (field, value)...,
--       (number of the lane, delivery id, item)...
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
"""

POP = """
-- keys: lane; args: item at its head; returns the next
if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then redis.call('LPOP', KEYS[1]) end
return redis.call('LINDEX', KEYS[1], 0)
"""

TAKE_SLOT = """
-- keys: slots; args: name, now, expiry, most
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
"""

TAKE_LANE = """
-- keys: lanes; args: now, expiry
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if not found[1] then return false end
redis.call('ZADD', KEYS[1], ARGV[2], found[1])
return found[1]
"""

ADMIT = """
-- keys: a tenant's endpoints that jobs made; args: now, their end, most (-1 = any), endpoint...
-- returns those that are new, or nothing where they would be too many
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local fresh, seen = {}, {}
for at = 4, #ARGV do
  if not seen[ARGV[at]] and not redis.call('ZSCORE', KEYS[1], ARGV[at]) then
    fresh[#fresh + 1] = ARGV[at]
  end
  seen[ARGV[at]] = true
end
local most = tonumber(ARGV[3])
if most >= 0 and #fresh > 0 and redis.call('ZCARD', KEYS[1]) + #fresh > most then return false end
for at = 4, #ARGV do redis.call('ZADD', KEYS[1], ARGV[2], ARGV[at]) end
return fresh
"""
