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
local token = next_token(KEYS[2])
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
