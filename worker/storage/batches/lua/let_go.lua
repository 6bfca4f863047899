-- keys: who expands a batch; args: name; another's hold stays
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
