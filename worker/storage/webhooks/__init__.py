"""Endpoints, delivery records, ordered queues, the delivery schedule."""
