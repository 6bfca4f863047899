"""The command line, `posequeue`. What a command needs is imported when it runs."""

from worker.cli.main import main

__all__ = ["main"]
