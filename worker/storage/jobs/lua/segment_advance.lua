-- uses: jobs/segment_names
-- keys: job, parts; args: number of segments ('' = as before), next segment, index of its first chunk,
--       segment that is in the log and is deleted ('' = none)
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 0 end
if ARGV[1] ~= '' then set('count', ARGV[1]) end
if ARGV[4] ~= '' then clear(ARGV[4]) end
if tonumber(get('low') or '-1') < tonumber(ARGV[2]) then
  redis.call('HSET', parts, 'low', ARGV[2], 'base', ARGV[3])
end
return 1
