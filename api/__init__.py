"""The HTTP room: what clients and browsers reach. Knows the contract, the store and the queue."""
