-- keys: jobs that read an upload; args: job, whether to erase it in the end, seconds to keep that
-- returns whether to erase it now: no job reads it any more
redis.call('SREM', KEYS[1], ARGV[1])
if ARGV[2] == '1' then
  redis.call('SADD', KEYS[1], 'erase')
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
local wanted = redis.call('SISMEMBER', KEYS[1], 'erase')
if wanted == 1 and redis.call('SCARD', KEYS[1]) == 1 then return 1 end
return 0
