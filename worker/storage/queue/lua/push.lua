-- uses: lists
-- keys: base; args: queue, tenant, most running, most queued (-1 = no limit), (score, entry)...
-- returns the tenant's number of queued entries, or -1, and queues none, above the limit
local there, most = count_waiting(KEYS[1], ARGV[2]), tonumber(ARGV[4])
local all = there + (#ARGV - 4) / 2
if most >= 0 and all > most then return -1 end
for at = 5, #ARGV, 2 do push(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[at], ARGV[at + 1]) end
return all
