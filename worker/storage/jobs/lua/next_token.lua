-- Returns a token greater than all given for the fence. It follows the clock too, as a Redis that
-- lost its last seconds would count to the same numbers again; it is a string, as Lua would round it.
local function next_token(fence)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local token = math.max(tonumber(redis.call('GET', fence) or '0') + 1, now)
  token = string.format('%.0f', token)
  redis.call('SET', fence, token)
  return token
end
