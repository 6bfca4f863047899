"""The fair queue and the register of workers."""
