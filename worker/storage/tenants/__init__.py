"""Tenants: API keys, quotas, usage, idempotency keys."""
