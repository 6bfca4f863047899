"""Webhooks: from the firehose's entries to signed requests.

firehose_consumer   the consumer group on the firehose: which jobs have new events
event_planner       which events each subscriber is sent
dispatcher          puts each event into the ordered queues exactly once, also after crashes
delivery_worker, prefetch   deliver queue by queue: send, record, continue or retry later
delivery_threads    the threads of a process that deliver
payload             the body of a delivery, rendered when it is sent
signing, sender, retry_policy   one request, and when to attempt the next
replay              test events and repeated deliveries
"""
