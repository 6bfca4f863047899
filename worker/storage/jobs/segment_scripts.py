"""The atomic scripts of the segments of a long video; `parts.py` says what they are for.

Fields of the hash: `count`, `low` (segments before are over) and `base` (place of the first chunk
of that one), `lost` (holders that died), `shut`; and of segment k: `k:holder` (token), `k:until`
(ms), `k:state` (lead, done, last), `k:start`, `k:chunks` (how many), `k:0`, `k:1`, ... (each).
"""

from __future__ import annotations

_NAMES = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function get(name) return redis.call('HGET', parts, name) end
local function set(name, value) redis.call('HSET', parts, name, value) end
local function live(k) return tonumber(get(k .. ':until') or '0') > now end
local function clear(k)
  for place = 0, tonumber(get(k .. ':chunks') or '0') - 1 do
    redis.call('HDEL', parts, k .. ':' .. place)
  end
  redis.call('HDEL', parts, k .. ':holder', k .. ':until', k .. ':state', k .. ':start',
    k .. ':chunks')
end
local function lose(k, most)
  -- whoever held it is dead, or could not do it
  if redis.call('HINCRBY', parts, 'lost', 1) >= most then set('shut', '1') end
  clear(k)
end
"""

OPEN = """
-- keys: job, parts; args: count, segment that is next, place of its first chunk
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
redis.call('HSET', KEYS[2], 'count', ARGV[1])
if tonumber(redis.call('HGET', KEYS[2], 'low') or '-1') < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[2], 'low', ARGV[2], 'base', ARGV[3])
end
return 1
"""

CLAIM = (
    "local parts = KEYS[3]"
    + _NAMES
    + """
-- keys: job, fence, parts; args: ttl ms, most lost
-- returns {segment, token, another one that is open}, -1 for none
if redis.call('HGET', KEYS[1], 'status') ~= '"running"' then return {-1, 0, -1} end
local found, token, more = -1, 0, -1
for k = tonumber(get('low') or '0'), tonumber(get('count') or '0') - 1 do
  if get('shut') then break end
  if not get(k .. ':state') and not live(k) then
    if found >= 0 then more = k break end
    if get(k .. ':holder') then lose(k, tonumber(ARGV[2])) end
    if not get('shut') then
      found, token = k, redis.call('INCR', KEYS[2])
      redis.call('HSET', parts, k .. ':holder', token, k .. ':until', now + tonumber(ARGV[1]))
    end
  end
end
return {found, token, more}
"""
)

TAKE = (
    "local parts = KEYS[2]"
    + _NAMES
    + """
-- keys: job, parts; args: segment, most lost, whoever holds it (0, 1); returns done, held or lead
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 'lead' end
local k = ARGV[1]
local state = get(k .. ':state')
if ARGV[3] == '0' then
  if state then return state end
  if live(k) then return 'held' end
  if get(k .. ':holder') then lose(k, tonumber(ARGV[2])) end
end
clear(k)
set(k .. ':state', 'lead')
return 'lead'
"""
)

PUT = (
    "local parts = KEYS[2]"
    + _NAMES
    + """
-- keys: job, parts; args: segment, token, ttl ms, field, value, state, processor ms
local k = ARGV[1]
if get(k .. ':holder') ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[1], 'status') ~= '"running"' then return 0 end
if redis.call('HGET', KEYS[1], 'cancel') == '1' then return 0 end
if ARGV[4] ~= '' then
  set(k .. ':' .. ARGV[4], ARGV[5])
  if tonumber(ARGV[4]) then set(k .. ':chunks', tonumber(ARGV[4]) + 1) end
end
if ARGV[6] ~= '' then set(k .. ':state', ARGV[6]) end
set(k .. ':until', now + tonumber(ARGV[3]))
if ARGV[7] ~= '0' then redis.call('HINCRBY', KEYS[1], 'spent', ARGV[7]) end
return 1
"""
)

LEAVE = (
    "local parts = KEYS[1]"
    + _NAMES
    + """
-- keys: parts; args: segment, token, most lost (0 = it was no loss)
if get(ARGV[1] .. ':holder') ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then clear(ARGV[1]) else lose(ARGV[1], tonumber(ARGV[3])) end
return 1
"""
)

READ = (
    "local parts = KEYS[1]"
    + _NAMES
    + """
-- keys: parts; args: segment, place of the first chunk wanted, most chunks
-- returns {state ('' = none), whether it is held, start or '', chunk...}
local k = ARGV[1]
local found = {get(k .. ':state') or '', live(k) and 1 or 0, get(k .. ':start') or ''}
local known = tonumber(get(k .. ':chunks') or '0')
local first = tonumber(ARGV[2])
for place = first, math.min(known, first + tonumber(ARGV[3])) - 1 do
  found[#found + 1] = get(k .. ':' .. place)
end
return found
"""
)

PASS = (
    "local parts = KEYS[2]"
    + _NAMES
    + """
-- keys: job, parts; args: segment that is over, the next one, place of that one's first chunk
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
clear(ARGV[1])
if tonumber(get('low') or '-1') < tonumber(ARGV[2]) then
  redis.call('HSET', parts, 'low', ARGV[2], 'base', ARGV[3])
end
return 1
"""
)
