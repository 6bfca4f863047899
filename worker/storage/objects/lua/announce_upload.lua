-- keys: bytes of a tenant's uploads; args: upload, bytes, most in total (-1 = no limit)
-- returns whether they fit, and the total before
local there = tonumber(redis.call('HGET', KEYS[1], '') or '0')
if tonumber(ARGV[3]) >= 0 and there + tonumber(ARGV[2]) > tonumber(ARGV[3]) then
  return {0, there}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[1], '', ARGV[2])
return {1, there}
