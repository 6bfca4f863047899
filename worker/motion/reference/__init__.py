"""Comparison with a reference performance."""
