-- States of a batch's jobs. One only moves forward, and each is counted once, however often it is
-- reported. The names of a batch's keys are built here, as scripts of jobs learn it from a record.
local function of_batch(batch, part) return 'pq:{' .. batch .. '}:' .. part end
local order = {queued = 1, running = 2, succeeded = 3, failed = 3, canceled = 3}
local function mark(batch, job, state)
  local states, record = of_batch(batch, 'states'), of_batch(batch, 'batch')
  local was = redis.call('HGET', states, job)
  if was and order[was] >= order[state] then return end
  redis.call('HSET', states, job, state)
  redis.call('HINCRBY', record, 'n:' .. state, 1)
  if was then redis.call('HINCRBY', record, 'n:' .. was, -1) end
end
-- whether this completes the batch: its last job has ended
local function complete(batch, now)
  local record = of_batch(batch, 'batch')
  if redis.call('HGET', record, 'expanded') ~= '1' then return 0 end
  for _, state in ipairs({'queued', 'running'}) do
    if tonumber(redis.call('HGET', record, 'n:' .. state) or '0') > 0 then return 0 end
  end
  return redis.call('HSETNX', record, 'completedAt', now)
end
-- the batch of a job's record, if it has one that is kept
local function batch_of(job)
  local given = redis.call('HGET', job, 'batchId')
  local batch = given and cjson.decode(given)
  if type(batch) ~= 'string' then return nil end
  return redis.call('HEXISTS', of_batch(batch, 'batch'), 'record') == 1 and batch or nil
end
-- a job that is erased stays counted, before its end as canceled
local function forget(batch, job, now)
  if redis.call('HEXISTS', of_batch(batch, 'states'), job) == 0 then return 0 end
  mark(batch, job, 'canceled')
  redis.call('HDEL', of_batch(batch, 'states'), job)
  redis.call('ZREM', of_batch(batch, 'jobs'), job)
  return complete(batch, now)
end
