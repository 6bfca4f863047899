-- keys: batch, open batches; args: batch id, when it is due; does nothing for a missing batch
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'canceled', '1')
redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[1])
return 1
