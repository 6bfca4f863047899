-- uses: jobs/next_token, queue/lists, jobs/firehose, batches/states
-- transition: waiting, handed out -> running
-- keys: job, fence, lease, running jobs, base, partition of the firehose
-- args: ttl ms, most lost workers, start time (JSON; '' = claimed only to be ended), newest known
--       version, now, job id
-- returns {outcome, token, record}
local base, id = KEYS[5], ARGV[6]
local status, known = unpack(redis.call('HMGET', KEYS[1], 'status', 'tenant'))
local tenant = known and cjson.decode(known)
local final = status ~= '"queued"' and status ~= '"running"'
if not status or final then
  -- it left all lists when it ended; remove it if it was listed again
  redis.call('ZREM', KEYS[4], id)
  if tenant then
    unlist(base, tenant, id)
    redis.call('ZREM', base .. ':running:' .. tenant, id)
  else
    redis.call('ZREM', base .. ':queued', id)
  end
  return {status and 'final' or 'gone', 0, {}}
end
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('ZREM', base .. ':queued', id)
  return {'busy', 0, {}}
end
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '1')
if ARGV[3] ~= '' and version > tonumber(ARGV[4]) then return {'newer', 0, {}} end
local lost = tonumber(redis.call('HGET', KEYS[1], 'lost') or '0')
if redis.call('HGET', KEYS[1], 'held') == '1' then
  lost = redis.call('HINCRBY', KEYS[1], 'lost', 1)
end
local token = next_token(KEYS[2])
redis.call('SET', KEYS[3], token, 'PX', ARGV[1])
redis.call('HSET', KEYS[1], 'held', '1')
redis.call('ZADD', KEYS[4], tonumber(ARGV[5]) + tonumber(ARGV[1]) / 1000, id)
unlist(base, tenant, id)
if ARGV[3] == '' then
  redis.call('ZREM', base .. ':running:' .. tenant, id)
  return {'run', token, redis.call('HGETALL', KEYS[1])}
end
run(base, tenant, id, ARGV[5])
-- a paused job continues: no new attempt
local going_on = redis.call('HDEL', KEYS[1], 'turn')
redis.call('HINCRBY', KEYS[1], 'attempt', 1 - going_on)
redis.call('HSET', KEYS[1], 'status', '"running"')
local batch = batch_of(KEYS[1])
if batch then mark(batch, id, 'running') end
if redis.call('HSETNX', KEYS[1], 'startedAt', ARGV[3]) == 1 and not hidden(KEYS[1]) then
  local data = '{"id":"' .. id .. '","status":"running","startedAt":' .. ARGV[3] .. '}'
  tell(KEYS[6], id, tenant, '0-0', 'job.started', data)
end
local outcome = lost >= tonumber(ARGV[2]) and 'lost' or 'run'
return {outcome, token, redis.call('HGETALL', KEYS[1])}
