-- uses: batches/states
-- args: batch, job, now; returns whether this completes the batch
return forget(ARGV[1], ARGV[2], ARGV[3])
