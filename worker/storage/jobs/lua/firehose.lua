-- Adds an event of a job to a partition of the firehose.
local function tell(partition, job, tenant, entry, kind, data)
  redis.call('XADD', partition, '*', 'job', job, 'tenant', tenant, 'id', entry, 'type', kind,
    'data', data)
end
-- whether it makes a reference, of which nobody is told
local function hidden(job)
  local input = redis.call('HGET', job, 'input')
  return input and cjson.decode(input).referenceId
end
