"""The whole system on one machine: embedded servers and child processes."""
