-- keys: an endpoint's ordered queues by due time; args: now, expiry of the claim; returns a subject
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if not found[1] then return false end
redis.call('ZADD', KEYS[1], ARGV[2], found[1])
return found[1]
