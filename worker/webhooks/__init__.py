"""Webhooks: from the firehose's entries to signed requests.

bells       the consumer group on the firehose: which jobs have news
planning    what those news are to each subscriber
dispatch    into lanes, once, whatever dies
couriers    lane by lane: send, note, go on or come back later
rendering   a delivery's body, made when it is sent
signing, sending, retries   one request, and when the next
tasks       Celery's side
"""
