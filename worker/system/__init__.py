"""Resources of this process: memory, garbage collector, scratch folders, stall watchdog."""
