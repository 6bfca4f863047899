-- uses: complete
-- keys: batch, states, members; args: (number, job)...; returns the number of new jobs
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
local added = 0
for at = 1, #ARGV, 2 do
  added = added + redis.call('ZADD', KEYS[3], ARGV[at], ARGV[at + 1])
  -- a job that has started or ended already is counted in that state
  if redis.call('HSETNX', KEYS[2], ARGV[at + 1], 'queued') == 1 then
    redis.call('HINCRBY', KEYS[1], 'n:queued', 1)
  end
end
redis.call('HINCRBY', KEYS[1], 'accepted', added)
return added
