-- uses: complete
-- keys: batch, states, members; args: job, now; a job erased before its end counts as canceled
-- returns whether this completes the batch
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
mark(ARGV[1], 'canceled')
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return complete(ARGV[2])
