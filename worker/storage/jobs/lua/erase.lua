-- uses: queue/lists, batches/states, tenants/charge
-- transition: waiting, handed out, running, over -> nothing
-- keys: job, base, jobs of the tenant, jobs that read the upload, usage of the tenant, running jobs,
--       closed jobs, deadlines, its mark as erased, further keys of the job...
-- args: job id, tenant, time (ISO 8601), charges of a job that has not ended, seconds for which the
--       mark is kept
-- returns whether it was the last job of its batch
local id, tenant, completes = ARGV[1], ARGV[2], 0
local status, key = unpack(redis.call('HMGET', KEYS[1], 'status', 'idem'))
if status == '"queued"' or status == '"running"' then charge(KEYS[5], ARGV[4]) end
local batch = batch_of(KEYS[1])
local counted = batch and redis.call('HEXISTS', of_batch(batch, 'states'), id) or 1
if batch then completes = forget(batch, id, ARGV[3]) end
redis.call('SET', KEYS[9], counted, 'EX', ARGV[5])
-- the Idempotency-Key stays used, and its answer says that the job is gone
key = key and 'pq:tenant:{' .. tenant .. '}:idem:' .. key
if key and redis.call('HEXISTS', key, 'answer') == 1 then redis.call('HSET', key, 'answer', '') end
unlist(KEYS[2], tenant, id)
redis.call('ZREM', KEYS[2] .. ':running:' .. tenant, id)
redis.call('SREM', KEYS[4], id)
for _, list in ipairs({KEYS[3], KEYS[6], KEYS[7], KEYS[8]}) do redis.call('ZREM', list, id) end
redis.call('DEL', KEYS[1], unpack(KEYS, 10))
return completes
