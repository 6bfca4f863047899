-- uses: queue/names
-- transition: waiting -> handed out
-- keys: base; args: queue, unix time; returns {job, tenant}, or nothing
local function serve(tenant, rank)
  local job = redis.call('ZPOPMIN', list(tenant))[1]
  if job then
    -- a tenant that was at its limit has not saved up time
    local now = math.max(tonumber(rank), tonumber(redis.call('GET', clock) or '0'))
    redis.call('SET', clock, string.format('%.6f', now))
    redis.call('ZREMRANGEBYSCORE', finish, '-inf', now)
    redis.call('ZADD', finish, now + cost(tenant), tenant)
    if holds_jobs then
      redis.call('ZADD', base .. ':running:' .. tenant, ARGV[2], job)
      redis.call('SADD', base .. ':busy', tenant)
      redis.call('ZADD', queued, ARGV[2], job)
    end
  end
  if redis.call('ZCARD', list(tenant)) > 0 then
    redis.call('ZADD', ranks, redis.call('ZSCORE', finish, tenant), tenant)
  else
    redis.call('ZREM', ranks, tenant)
  end
  return job
end
local first, page = 0, 32
while true do
  local rows = redis.call('ZRANGE', ranks, first, first + page - 1, 'WITHSCORES')
  for at = 1, #rows, 2 do
    if free(rows[at]) > 0 then
      local job = serve(rows[at], rows[at + 1])
      if job then return {job, rows[at]} end
      first = first - 1
    end
  end
  if #rows < 2 * page then return false end
  first = first + page
end
