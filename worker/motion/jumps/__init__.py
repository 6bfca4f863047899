"""Jump height."""
