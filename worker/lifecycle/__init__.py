"""The end of a job: completion, archive, expiry and deletion."""
