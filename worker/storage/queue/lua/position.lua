-- uses: queue/names
-- keys: base; args: queue, tenant, job; returns how many jobs start before it, -1 if it is not queued
local tenant = ARGV[2]
local own = redis.call('ZRANK', list(tenant), ARGV[3])
local start = redis.call('ZSCORE', ranks, tenant)
if not own or not start then return -1 end
local mine, before = tonumber(start) + own * cost(tenant), own
local rows = redis.call('ZRANGEBYSCORE', ranks, '-inf', mine, 'WITHSCORES')
for at = 1, #rows, 2 do
  local other = rows[at]
  if other ~= tenant then
    local turns = (mine - tonumber(rows[at + 1])) / cost(other)
    local earlier = math.ceil(turns)
    -- equal ranks are ordered by name, as in the sorted set
    if earlier == turns and other < tenant then earlier = earlier + 1 end
    before = before + math.min(earlier, redis.call('ZCARD', list(other)))
  end
end
return before
