-- keys: bytes of a tenant's uploads; args: upload
local bytes = redis.call('HGET', KEYS[1], ARGV[1])
if not bytes then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('HINCRBY', KEYS[1], '', -tonumber(bytes)) <= 0 then
  redis.call('HDEL', KEYS[1], '')
end
return 1
