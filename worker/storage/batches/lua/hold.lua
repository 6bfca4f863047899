-- keys: lease of a batch's expansion; args: name, seconds; returns whether `name` has it from now
local who = redis.call('GET', KEYS[1])
if who and who ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
