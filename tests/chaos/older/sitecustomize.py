"""On the path of a worker: it knows no version of jobs, as one from before the first."""

from worker.contract import jobs

jobs.SUPPORTED_JOB_VERSION = 0
