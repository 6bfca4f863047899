-- uses: jobs/segment_names
-- keys: parts; args: segment, index of the first chunk to return, most chunks
-- returns {state ('' = none), whether a live claim exists, start or '', chunk...}
local k = ARGV[1]
local found = {get(k .. ':state') or '', live(k) and 1 or 0, get(k .. ':start') or ''}
local known = tonumber(get(k .. ':chunks') or '0')
local first = tonumber(ARGV[2])
for place = first, math.min(known, first + tonumber(ARGV[3])) - 1 do
  found[#found + 1] = get(k .. ':' .. place)
end
return found
