-- uses: jobs/next_token, jobs/segment_names
-- keys: job, fence, parts; args: ttl ms, most lost claims
-- returns {segment, token, another open segment}, -1 for none
if redis.call('HGET', KEYS[1], 'status') ~= '"running"' then return {-1, 0, -1} end
local found, token, more = -1, 0, -1
for k = tonumber(get('low') or '0'), tonumber(get('count') or '0') - 1 do
  if get('shut') then break end
  if not get(k .. ':state') and not live(k) then
    if found >= 0 then more = k break end
    if get(k .. ':holder') then lose(k, tonumber(ARGV[2])) end
    if not get('shut') then
      found, token = k, next_token(KEYS[2])
      redis.call('HSET', parts, k .. ':holder', token, k .. ':until', now + tonumber(ARGV[1]))
    end
  end
end
return {found, token, more}
