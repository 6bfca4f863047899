-- uses: queue/lists
-- keys: base; args: queue, tenant, most running (-1 = no limit), (score, entry)...
for at = 4, #ARGV, 2 do push(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[at], ARGV[at + 1]) end
return 1
