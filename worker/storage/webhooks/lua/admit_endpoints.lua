-- keys: a tenant's endpoints that jobs made; args: now, their end, most (-1 = any), endpoint...
-- returns those that are new, or nothing where they would be too many
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
