-- uses: segment_names
-- keys: job, parts; args: segment that is in the log, the next one, index of that one's first chunk
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
clear(ARGV[1])
if tonumber(get('low') or '-1') < tonumber(ARGV[2]) then
  redis.call('HSET', parts, 'low', ARGV[2], 'base', ARGV[3])
end
return 1
