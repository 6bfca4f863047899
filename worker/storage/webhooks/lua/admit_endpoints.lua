-- keys: a tenant's endpoints made by jobs; args: now, expiry, most (-1 = no limit), endpoint...
-- returns the new ones, or nothing, and admits none, above the limit
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local fresh, seen = {}, {}
for at = 4, #ARGV do
  if not seen[ARGV[at]] and not redis.call('ZSCORE', KEYS[1], ARGV[at]) then
    fresh[#fresh + 1] = ARGV[at]
  end
  seen[ARGV[at]] = true
end
local most = tonumber(ARGV[3])
if most >= 0 and #fresh > 0 and redis.call('ZCARD', KEYS[1]) + #fresh > most then return false end
for at = 4, #ARGV do redis.call('ZADD', KEYS[1], ARGV[2], ARGV[at]) end
return fresh
