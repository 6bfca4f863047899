"""The command line, `posequeue`. A command imports what it needs when it runs."""

from worker.cli.main import main

__all__ = ["main"]
