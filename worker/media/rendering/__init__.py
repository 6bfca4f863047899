"""Drawing on frames."""
