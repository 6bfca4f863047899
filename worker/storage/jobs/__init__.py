"""Job records, leases with fencing, segments of long videos, message streams, the firehose."""
