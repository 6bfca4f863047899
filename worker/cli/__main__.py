"""`python -m worker.cli`, the same as `posequeue`."""

from worker.cli.main import main

main()
