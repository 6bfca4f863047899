"""The fair queue and the registry of workers."""
