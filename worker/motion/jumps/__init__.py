"""Jumps: found, measured by take-off and landing, told."""
