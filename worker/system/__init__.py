"""This process and its machine: memory, garbage collector, scratch folder, stall watchdog."""
