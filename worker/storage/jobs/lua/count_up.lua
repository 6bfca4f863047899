-- keys: job; args: field, increment; does nothing for an erased record
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
