"""One media file → poses → messages, with no store: used by worker, CLI and tests alike."""
