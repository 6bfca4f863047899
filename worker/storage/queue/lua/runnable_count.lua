-- uses: queue/names
-- keys: base; args: queue, enough; returns how many jobs could be popped now, at most `enough`
local found, enough = 0, tonumber(ARGV[2])
for _, tenant in ipairs(redis.call('ZRANGE', ranks, 0, -1)) do
  found = found + math.max(0, math.min(free(tenant), redis.call('ZCARD', list(tenant))))
  if found >= enough then return enough end
end
return found
