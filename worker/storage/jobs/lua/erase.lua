-- uses: queue/lists, batches/states, tenants/charge
-- transition: waiting, handed out, running, over -> nothing
-- keys: job, base, jobs of the tenant, jobs that read the upload, usage of the tenant, running jobs,
--       closed jobs, deadlines, ids of erased jobs, further keys of the job...
-- args: job id, tenant, time (ISO 8601), charges of a job that has not ended, now, time from which the
--       id may be given again
-- returns whether it was the last job of its batch
local id, tenant, completes = ARGV[1], ARGV[2], 0
local status, key = unpack(redis.call('HMGET', KEYS[1], 'status', 'idem'))
if status == '"queued"' or status == '"running"' then charge(KEYS[5], ARGV[4]) end
local batch = batch_of(KEYS[1])
redis.call('ZREMRANGEBYSCORE', KEYS[9], '-inf', ARGV[5])
redis.call('ZADD', KEYS[9], ARGV[6], id)
if batch and redis.call('HEXISTS', of_batch(batch, 'states'), id) == 0 then
  redis.call('ZADD', KEYS[9], ARGV[6], id .. ':uncounted')
end
redis.call('EXPIRE', KEYS[9], math.ceil(ARGV[6] - ARGV[5]))
if batch then completes = forget(batch, id, ARGV[3]) end
-- the Idempotency-Key stays used, and its answer says that the job is gone
key = key and 'pq:tenant:{' .. tenant .. '}:idem:' .. key
if key and redis.call('HEXISTS', key, 'answer') == 1 then redis.call('HSET', key, 'answer', '') end
unlist(KEYS[2], tenant, id)
redis.call('ZREM', KEYS[2] .. ':running:' .. tenant, id)
redis.call('SREM', KEYS[4], id)
for _, list in ipairs({KEYS[3], KEYS[6], KEYS[7], KEYS[8]}) do redis.call('ZREM', list, id) end
redis.call('DEL', KEYS[1], unpack(KEYS, 10))
return completes
