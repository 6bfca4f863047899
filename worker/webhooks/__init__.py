"""Webhooks: from the firehose's entries to signed requests.

firehose_consumer   the consumer group on the firehose: which jobs have news
event_planner       what those news are to each subscriber
dispatcher          into ordered queues, once, whatever dies
delivery_worker, prefetch   queue by queue: send, note, go on or come back later
payload             a delivery's body, made when it is sent
signing, sender, retry_policy   one request, and when the next
delivery_threads    threads that take what is due from Redis
replay              deliveries made once more
"""
