-- keys: job, parts; args: number of segments, the next segment, index of its first chunk
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
redis.call('HSET', KEYS[2], 'count', ARGV[1])
if tonumber(redis.call('HGET', KEYS[2], 'low') or '-1') < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[2], 'low', ARGV[2], 'base', ARGV[3])
end
return 1
