"""The whole system on one machine: embedded servers, child processes, the sample clip."""
