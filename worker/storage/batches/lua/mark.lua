-- uses: complete
-- keys: batch, states; args: job, state, now; returns whether this completes the batch
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
mark(ARGV[1], ARGV[2])
return complete(ARGV[3])
