"""The atomic scripts. Portable to Redis 7.0 and Valkey; the key layout is in `keys.py`.

Values of a job's hash are JSON, so that the record is the fields joined.
"""

from __future__ import annotations

CLAIM = """
-- keys: job, fence, lease
-- args: ttl ms, most lost workers, started at (JSON; '' = only to close), newest version known
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'gone', 0, 0, ''} end
local tenant = redis.call('HGET', KEYS[1], 'tenant') or ''
if status ~= '"queued"' and status ~= '"running"' then return {'final', 0, 0, tenant} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'busy', 0, 0, tenant} end
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '1')
if ARGV[3] ~= '' and version > tonumber(ARGV[4]) then return {'newer', 0, 0, tenant} end
local lost = tonumber(redis.call('HGET', KEYS[1], 'lost') or '0')
if redis.call('HGET', KEYS[1], 'held') == '1' then
  lost = redis.call('HINCRBY', KEYS[1], 'lost', 1)
end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[3], token, 'PX', ARGV[1])
redis.call('HSET', KEYS[1], 'held', '1')
if ARGV[3] == '' then return {'run', token, 0, tenant} end
-- who comes back after another's turn only goes on
local going_on = redis.call('HDEL', KEYS[1], 'turn')
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1 - going_on)
redis.call('HSET', KEYS[1], 'status', '"running"')
redis.call('HSETNX', KEYS[1], 'startedAt', ARGV[3])
if lost >= tonumber(ARGV[2]) then return {'lost', token, attempt, tenant} end
return {'run', token, attempt, tenant}
"""

COMMIT = """
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
"""

APPEND = """
-- keys: lease, poses; args: token, ttl ms, place of the first entry, log entry...
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local place = tonumber(ARGV[3])
local length = redis.call('LLEN', KEYS[2])
if length < place then return redis.error_reply('pose log has a gap') end
for number = 4 + length - place, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[number])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

EXTEND = """
-- keys: lease; args: token, ttl ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

TAKE_DUE = """
-- keys: zset of jobs by the time at which they are due; args: job, now, when it is due again
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) > tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
"""

CREATE = """
-- keys: job; args: field, JSON, ...; returns whether the record is new
if redis.call('HEXISTS', KEYS[1], 'id') == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
"""

COUNT_UP = """
-- keys: job; args: field, by how much; a record that is gone stays gone
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
"""

NOTE = """
-- keys: job; args: field, value, ...; a record that is gone stays gone
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
"""
