"""Webhooks: endpoints, delivery records, ordered queues, the delivery schedule."""
