-- uses: jobs/segment_names
-- keys: parts; args: segment, token, most lost claims (0 = does not count as lost)
if get(ARGV[1] .. ':holder') ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then clear(ARGV[1]) else lose(ARGV[1], tonumber(ARGV[3])) end
return 1
