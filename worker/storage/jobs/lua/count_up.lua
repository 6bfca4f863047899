-- keys: job; args: field, by how much; a record that is gone stays gone
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
