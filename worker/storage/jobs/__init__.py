"""Job record, lease + fencing, segments of long videos, message streams, the firehose."""
