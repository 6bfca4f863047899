-- keys: job; args: field, JSON, ...; returns whether the record is new
if redis.call('HEXISTS', KEYS[1], 'id') == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
