-- keys: an Idempotency-Key; args: digest of the request, name for what it creates, now, seconds for
-- which an unanswered request counts as pending, seconds for which the key is kept
-- returns what to do (make, answered, pending, mismatch) and a name
local digest, name, answer, ends =
  unpack(redis.call('HMGET', KEYS[1], 'digest', 'name', 'answer', 'until'))
if digest and digest ~= ARGV[1] then return {'mismatch', ''} end
if answer then return {'answered', answer} end
if digest and tonumber(ends or '0') > tonumber(ARGV[3]) then return {'pending', ''} end
-- new, or never answered: then the name of the first attempt is used again
name = name or ARGV[2]
redis.call('HSET', KEYS[1], 'digest', ARGV[1], 'name', name, 'until', ARGV[3] + ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5], 'NX')
return {'make', name}
