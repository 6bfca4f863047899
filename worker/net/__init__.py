"""Outbound HTTP to addresses that others chose: checked, pinned and bounded in time."""
