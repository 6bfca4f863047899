-- keys: usage, metered jobs; args: job, now, time before which metered jobs are forgotten, month,
--       media ms, compute ms; returns whether the job was counted
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
if redis.call('ZADD', KEYS[2], 'NX', ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], ARGV[4] .. ':jobs', 1)
redis.call('HINCRBY', KEYS[1], ARGV[4] .. ':mediaMs', ARGV[5])
redis.call('HINCRBY', KEYS[1], ARGV[4] .. ':computeMs', ARGV[6])
return 1
