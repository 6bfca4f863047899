-- keys: lease, poses; args: token, ttl ms, index of the first entry, log entry...
-- returns 0 where the lease is lost
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local place = tonumber(ARGV[3])
local length = redis.call('LLEN', KEYS[2])
if length < place then return redis.error_reply('pose log has a gap') end
for number = 4 + length - place, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[number])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
