-- A job's state only moves forward, and each state is counted once, however often it is reported.
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
