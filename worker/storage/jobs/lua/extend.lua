-- transition: running -> running
-- keys: lease, running jobs; args: token, ttl ms, job id, unix time at which the lease expires then
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
