-- uses: batches/states
-- args: batch, (number, job)...; returns the number of new jobs
local batch = ARGV[1]
if redis.call('HEXISTS', of_batch(batch, 'batch'), 'record') == 0 then return 0 end
local added = 0
for at = 2, #ARGV, 2 do
  added = added + redis.call('ZADD', of_batch(batch, 'jobs'), ARGV[at], ARGV[at + 1])
  mark(batch, ARGV[at + 1], 'queued') -- one that has started or ended is counted in that state
end
redis.call('HINCRBY', of_batch(batch, 'batch'), 'accepted', added)
return added
