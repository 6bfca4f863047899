-- uses: batches/states
-- args: batch, now; returns whether this completes the batch
local record = of_batch(ARGV[1], 'batch')
if redis.call('HEXISTS', record, 'record') == 0 then return 0 end
redis.call('HSET', record, 'expanded', '1')
redis.call('DEL', of_batch(ARGV[1], 'todo'))
return complete(ARGV[1], ARGV[2])
