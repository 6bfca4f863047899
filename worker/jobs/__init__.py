"""One job on one worker: lease, stages, commits, segments shared with other workers."""
