-- uses: jobs/segment_names
-- keys: job, parts; args: segment, most lost claims, whether to discard another's claim (0, 1)
-- returns lead, held, done or last
if redis.call('HEXISTS', KEYS[1], 'id') == 0 then return 'lead' end
local k = ARGV[1]
local state = get(k .. ':state')
if ARGV[3] == '0' then
  if state then return state end
  if live(k) then return 'held' end
  if get(k .. ':holder') then lose(k, tonumber(ARGV[2])) end
end
clear(k)
set(k .. ':state', 'lead')
return 'lead'
