"""From one media file to poses and messages, without any store: for workers, CLI and tests."""
