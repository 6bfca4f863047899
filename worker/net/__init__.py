"""Outbound HTTP to URLs that users supply: addresses checked, pinned and bounded in time."""
