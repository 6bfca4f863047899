"""PoseQueue's workers: from uploaded bytes to messages."""
