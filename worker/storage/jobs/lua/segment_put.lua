-- uses: jobs/segment_names
-- keys: job, parts; args: segment, token, ttl ms, field, value, state, CPU ms
-- returns 0 where the claim is lost, or the job does not run or is canceled
local k = ARGV[1]
if get(k .. ':holder') ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[1], 'status') ~= '"running"' then return 0 end
if redis.call('HGET', KEYS[1], 'cancel') == '1' then return 0 end
if ARGV[4] ~= '' then
  set(k .. ':' .. ARGV[4], ARGV[5])
  if tonumber(ARGV[4]) then set(k .. ':chunks', tonumber(ARGV[4]) + 1) end
end
if ARGV[6] ~= '' then set(k .. ':state', ARGV[6]) end
set(k .. ':until', now + tonumber(ARGV[3]))
if ARGV[7] ~= '0' then redis.call('HINCRBY', KEYS[1], 'spent', ARGV[7]) end
return 1
