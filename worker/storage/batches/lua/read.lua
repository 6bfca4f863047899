-- keys: batch, errors; args: line before this step, unused, line and byte after it, number of
--       invalid lines, most errors kept, errors...
-- does nothing unless the step began where the last one ended
if (redis.call('HGET', KEYS[1], 'lines') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'lines', ARGV[3], 'read', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rejected', ARGV[5])
for at = 7, #ARGV do
  if redis.call('LLEN', KEYS[2]) < tonumber(ARGV[6]) then redis.call('RPUSH', KEYS[2], ARGV[at]) end
end
return 1
