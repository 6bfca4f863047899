"""What happens to a job after its last message: completion, archive, expiry, deletion."""
