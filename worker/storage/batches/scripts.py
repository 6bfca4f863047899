"""The atomic scripts of batches. A batch's keys share its id as hash tag.

A job's state only goes forward, and each state is counted once, whoever tells of it how often.
"""

from __future__ import annotations

_COMPLETE = """
local function complete(now)
  if redis.call('HGET', KEYS[1], 'expanded') ~= '1' then return 0 end
  for _, state in ipairs({'queued', 'running'}) do
    if tonumber(redis.call('HGET', KEYS[1], 'n:' .. state) or '0') > 0 then return 0 end
  end
  return redis.call('HSETNX', KEYS[1], 'completedAt', now)
end
local order = {queued = 1, running = 2, succeeded = 3, failed = 3, canceled = 3}
local function mark(job, state)
  local was = redis.call('HGET', KEYS[2], job)
  if was and order[was] >= order[state] then return 0 end
  redis.call('HSET', KEYS[2], job, state)
  redis.call('HINCRBY', KEYS[1], 'n:' .. state, 1)
  if was then redis.call('HINCRBY', KEYS[1], 'n:' .. was, -1) end
  return was and 0 or 1
end
"""

MARK = (
    _COMPLETE
    + """
-- keys: batch, states; args: job, state, now; returns whether the batch is completed by it
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
mark(ARGV[1], ARGV[2])
return complete(ARGV[3])
"""
)

FORGET = (
    _COMPLETE
    + """
-- keys: batch, states, members; args: job, now; one erased before its end counts as canceled
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
mark(ARGV[1], 'canceled')
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return complete(ARGV[2])
"""
)

ADD = (
    _COMPLETE
    + """
-- keys: batch, states, members; args: (number, job)...; returns how many were new
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
local added = 0
for at = 1, #ARGV, 2 do
  added = added + redis.call('ZADD', KEYS[3], ARGV[at], ARGV[at + 1])
  -- one that has begun, or ended, already is counted there
  if redis.call('HSETNX', KEYS[2], ARGV[at + 1], 'queued') == 1 then
    redis.call('HINCRBY', KEYS[1], 'n:queued', 1)
  end
end
redis.call('HINCRBY', KEYS[1], 'accepted', added)
return added
"""
)

EXPANDED = (
    _COMPLETE
    + """
-- keys: batch, states; args: now; returns whether the batch is completed by it
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'expanded', '1')
return complete(ARGV[1])
"""
)

READ = """
-- keys: batch, errors; args: line and byte where it began, line and byte where it goes on, wrong,
--       most errors shown, errors...; only who goes on from where the last one stopped counts
if (redis.call('HGET', KEYS[1], 'lines') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'lines', ARGV[3], 'read', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rejected', ARGV[5])
for at = 7, #ARGV do
  if redis.call('LLEN', KEYS[2]) < tonumber(ARGV[6]) then redis.call('RPUSH', KEYS[2], ARGV[at]) end
end
return 1
"""

DONE = """
-- keys: todo; args: how many are made, the first of them; another may have made them too
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[2] then return 0 end
redis.call('LTRIM', KEYS[1], ARGV[1], -1)
return 1
"""
