-- uses: queue/lists
-- keys: base; args: tenant, entry, unix time if it runs from now ('' = it has ended)
unlist(KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1] .. ':running:' .. ARGV[1], ARGV[2])
else
  run(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
end
return 1
