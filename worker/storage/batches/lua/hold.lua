-- keys: lease of a batch's expansion; args: name, seconds (0 = release it)
-- returns 0, and does nothing, while another name has it
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
