-- a token above all that were given for the fence: from the clock as well, as a Redis that comes back
-- without its last seconds would count to the same numbers again; a text, as Lua rounds such numbers
local function next_token(fence)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local token = math.max(tonumber(redis.call('GET', fence) or '0') + 1, now)
  token = string.format('%.0f', token)
  redis.call('SET', fence, token)
  return token
end
