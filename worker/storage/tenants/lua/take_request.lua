-- keys: the tenant's bucket; args: unix time, requests per window, seconds of the window
-- returns whether the request is allowed, how many are left, ms until all are, ms until one is
local now, gap, window = tonumber(ARGV[1]), ARGV[3] / ARGV[2], tonumber(ARGV[3])
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if empty - now + gap > window + 1e-6 then
  return {0, 0, math.ceil((empty - now) * 1000), math.ceil((empty - now + gap - window) * 1000)}
end
empty = empty + gap
local ms = math.max(1, math.ceil((empty - now) * 1000))
redis.call('SET', KEYS[1], string.format('%.6f', empty), 'PX', ms)
return {1, math.floor((window - (empty - now)) / gap + 1e-6), ms, 0}
