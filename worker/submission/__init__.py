"""Turns requests into job records: used by the API and by the expansion of batches."""
