-- keys: average seconds of a job; args: weight of a new value, seconds, field...
for at = 3, #ARGV do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or ARGV[2])
  local moved = known + ARGV[1] * (ARGV[2] - known)
  redis.call('HSET', KEYS[1], ARGV[at], string.format('%.3f', moved))
end
return 1
