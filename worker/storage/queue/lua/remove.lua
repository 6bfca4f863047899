-- keys: base; args: tenant, job, unix time where it runs now ('' = it is over), queues...
local base, running = KEYS[1], KEYS[1] .. ':running:' .. ARGV[1]
for at = 4, #ARGV do
  local list = base .. ':' .. ARGV[at] .. ':jobs:' .. ARGV[1]
  if redis.call('ZREM', list, ARGV[2]) == 1 and redis.call('ZCARD', list) == 0 then
    redis.call('ZREM', base .. ':' .. ARGV[at] .. ':ranks', ARGV[1])
  end
end
redis.call('ZREM', base .. ':queued', ARGV[2])
if ARGV[3] == '' then
  redis.call('ZREM', running, ARGV[2])
else
  redis.call('ZADD', running, ARGV[3], ARGV[2])
  redis.call('SADD', base .. ':busy', ARGV[1])
end
return 1
