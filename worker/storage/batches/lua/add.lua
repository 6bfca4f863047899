-- uses: batches/states
-- keys: ids of erased jobs, job...; args: batch, (number, job)...
local batch = ARGV[1]
if redis.call('HEXISTS', of_batch(batch, 'batch'), 'record') == 0 then return 0 end
local added = 0
for at = 2, #ARGV, 2 do
  local job = ARGV[at + 1]
  if redis.call('HEXISTS', KEYS[at / 2 + 1], 'id') == 1 then
    added = added + redis.call('ZADD', of_batch(batch, 'jobs'), ARGV[at], job)
    mark(batch, job, 'queued') -- one that has started or ended is counted in that state
  elseif redis.call('ZREM', KEYS[1], job .. ':uncounted') == 1 then
    added = added + 1
    redis.call('HINCRBY', of_batch(batch, 'batch'), 'n:canceled', 1)
  end
end
redis.call('HINCRBY', of_batch(batch, 'batch'), 'accepted', added)
return 1
