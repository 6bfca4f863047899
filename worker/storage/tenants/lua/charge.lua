-- Adds amounts (JSON, by field) to a tenant's usage.
local function charge(usage, amounts)
  for field, amount in pairs(cjson.decode(amounts)) do
    redis.call('HINCRBY', usage, field, amount)
  end
end
