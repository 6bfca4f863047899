-- uses: complete
-- keys: batch, states; args: now; returns whether this completes the batch
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'expanded', '1')
return complete(ARGV[1])
