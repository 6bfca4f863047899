-- keys: todo; args: number of jobs made, the first of them; does nothing if they are removed already
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[2] then return 0 end
redis.call('LTRIM', KEYS[1], ARGV[1], -1)
return 1
