-- Functions for the scripts that change the fair queue. `base` is the prefix of all its keys; an entry
-- is a job, a segment of one, or a batch.
local QUEUES = {'pose.cpu', 'pose.gpu', 'export', 'manifest'}
local function push(base, queue, tenant, running, score, entry)
  local lists = base .. ':' .. queue
  redis.call('HSET', base .. ':limits', tenant, running)
  redis.call('ZADD', lists .. ':jobs:' .. tenant, score, entry)
  redis.call('ZREM', base .. ':running:' .. tenant, entry)
  redis.call('ZREM', base .. ':queued', entry)
  if not redis.call('ZSCORE', lists .. ':ranks', tenant) then
    local now = tonumber(redis.call('GET', lists .. ':clock') or '0')
    local ended = tonumber(redis.call('ZSCORE', lists .. ':finish', tenant) or '0')
    redis.call('ZADD', lists .. ':ranks', math.max(now, ended), tenant)
  end
end
local function unlist(base, tenant, entry)
  for _, queue in ipairs(QUEUES) do
    local list = base .. ':' .. queue .. ':jobs:' .. tenant
    if redis.call('ZREM', list, entry) == 1 and redis.call('ZCARD', list) == 0 then
      redis.call('ZREM', base .. ':' .. queue .. ':ranks', tenant)
    end
  end
  redis.call('ZREM', base .. ':queued', entry)
end
local function count_waiting(base, tenant)
  local there = 0
  for _, queue in ipairs(QUEUES) do
    if queue == 'manifest' then break end
    there = there + redis.call('ZCARD', base .. ':' .. queue .. ':jobs:' .. tenant)
  end
  return there
end
local function run(base, tenant, entry, now)
  redis.call('ZADD', base .. ':running:' .. tenant, now, entry)
  redis.call('SADD', base .. ':busy', tenant)
end
