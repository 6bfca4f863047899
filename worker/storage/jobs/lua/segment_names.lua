-- Fields of the hash: `count`, `low` (segments before it are in the log), `base` (index of its first
-- chunk), `lost` (lost or failed claims), `shut` (no more claims); and of segment k: `k:holder`
-- (token), `k:until` (ms), `k:state` (lead, done, last), `k:start`, `k:chunks` (their number), `k:0`,
-- `k:1`, ... (the chunks).
local parts = KEYS[#KEYS]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function get(name) return redis.call('HGET', parts, name) end
local function set(name, value) redis.call('HSET', parts, name, value) end
local function live(k) return tonumber(get(k .. ':until') or '0') > now end
local function clear(k)
  for place = 0, tonumber(get(k .. ':chunks') or '0') - 1 do
    redis.call('HDEL', parts, k .. ':' .. place)
  end
  redis.call('HDEL', parts, k .. ':holder', k .. ':until', k .. ':state', k .. ':start',
    k .. ':chunks')
end
local function lose(k, most)
  -- its worker crashed or failed
  if redis.call('HINCRBY', parts, 'lost', 1) >= most then set('shut', '1') end
  clear(k)
end
