-- uses: queue/lists, jobs/firehose, batches/states, tenants/charge
-- transition: running -> running, waiting, handed out, over
-- keys: lease, job, poses, messages, running jobs, base, closed jobs, partition of the firehose,
--       deadlines, usage of the tenant, segments
-- args: token, ttl ms, mode (keep, release, pause, finish), job id, tenant, now,
--       next queue ('' = none, later = none for a while), most running, score,
--       of `finish`: time (ISO 8601) and charges, number of fields, (field, JSON)...,
--       index of the first log entry, number of log entries, log entry...,
--       (id, type, data, kind)...: the kinds are those of `RowKind`
-- returns the number of new messages, of `finish` whether the job was the last one of its batch;
-- -1 where the lease is lost
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local at = 13 + 2 * tonumber(ARGV[12])
local place, logged = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
local length = redis.call('LLEN', KEYS[3])
-- checked before the first write, as nothing is rolled back
if logged > 0 and length < place then return redis.error_reply('pose log has a gap') end
if at > 13 then redis.call('HSET', KEYS[2], unpack(ARGV, 13, at - 1)) end
for number = length - place, logged - 1 do redis.call('RPUSH', KEYS[3], ARGV[at + 2 + number]) end
at = at + 2 + logged
local mode, id, tenant, base, queue = ARGV[3], ARGV[4], ARGV[5], KEYS[6], ARGV[7]
local added = 0
local shown = {event = true}
if ARGV[at] then
  local owner, options = unpack(redis.call('HMGET', KEYS[2], 'tenant', 'options'))
  tenant = owner and cjson.decode(owner) or tenant
  local wanted = options and cjson.decode(options).firehose or 'events'
  shown.message, shown.frame = wanted ~= 'none', wanted == 'all'
end
while ARGV[at] do
  local kind, reply = ARGV[at + 3], nil
  if kind ~= 'event' then
    reply = redis.pcall('XADD', KEYS[4], ARGV[at], 'type', ARGV[at + 1], 'data', ARGV[at + 2])
  end
  if type(reply) == 'table' and reply.err then
    -- a replayed message is already there, and on the firehose
    if not string.find(reply.err, 'equal or smaller', 1, true) then return reply end
  else
    if kind ~= 'event' then added = added + 1 end
    if shown[kind] then tell(KEYS[8], id, tenant, ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
  end
  at = at + 4
end
if mode == 'keep' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return added
end
redis.call('HSET', KEYS[2], 'held', '0')
if mode == 'pause' then redis.call('HSET', KEYS[2], 'turn', '1') end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[5], id)
redis.call('ZREM', base .. ':running:' .. tenant, id)
if mode == 'finish' then
  redis.call('ZADD', KEYS[7], ARGV[6], id)
  redis.call('ZREM', KEYS[9], id)
  redis.call('DEL', KEYS[11])
  charge(KEYS[10], ARGV[11])
  local batch = batch_of(KEYS[2])
  if not batch then return 0 end
  mark(batch, id, cjson.decode(redis.call('HGET', KEYS[2], 'status')))
  return complete(batch, ARGV[10])
elseif queue == 'later' then
  redis.call('ZADD', base .. ':queued', ARGV[6], id)
elseif queue ~= '' then
  push(base, queue, tenant, ARGV[8], ARGV[9], id)
end
return added
