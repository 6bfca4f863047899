"""Child processes that read untrusted media: fork server, privileges, limits."""
