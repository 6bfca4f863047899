-- keys: job; args: field, value, ...; does nothing for an erased record
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
