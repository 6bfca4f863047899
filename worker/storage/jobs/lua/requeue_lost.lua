-- uses: queue/lists
-- transition: running, handed out -> waiting
-- keys: job, lease, running jobs, base; args: job id, tenant, queue, most running, score
-- returns whether it is queued; not where it has a lease or has ended
local status = redis.call('HGET', KEYS[1], 'status')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('ZREM', KEYS[4] .. ':queued', ARGV[1])
  return 0
end
redis.call('ZREM', KEYS[3], ARGV[1])
if status ~= '"queued"' and status ~= '"running"' then return 0 end
local there = redis.call('ZSCORE', KEYS[4] .. ':' .. ARGV[3] .. ':jobs:' .. ARGV[2], ARGV[1])
-- a job in the queue keeps its position among those of one instant
push(KEYS[4], ARGV[3], ARGV[2], ARGV[4], there or ARGV[5], ARGV[1])
return 1
