-- keys: hash; args: field that it must have, command, argument...; returns 0 if it has none
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3))
