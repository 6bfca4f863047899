"""Objects in S3: uploads, references, results, and their retention."""
