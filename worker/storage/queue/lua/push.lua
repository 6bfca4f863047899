-- keys: base; args: queue, tenant, most running, most waiting (-1 = any), (score, entry)...
-- returns how many wait, or -1 where they would be too many
local there, most = count_waiting(KEYS[1], ARGV[2]), tonumber(ARGV[4])
local all = there + (#ARGV - 4) / 2
if most >= 0 and all > most then return -1 end
for at = 5, #ARGV, 2 do push(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[at], ARGV[at + 1]) end
return all
