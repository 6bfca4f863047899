-- keys: lease of a batch's expansion; args: name; keeps the lease of another process
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
