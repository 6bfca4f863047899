"""On the path of a process: it knows the next version of jobs, and makes such jobs."""

import msgspec

from worker.contract import jobs

jobs.SUPPORTED_JOB_VERSION += 1

import worker.submission.jobs as submission  # noqa: E402  (reads the version above)

_new_record = submission.new_record


def _newer_record(*given, **more):
    record = _new_record(*given, **more)
    return msgspec.structs.replace(record, version=jobs.SUPPORTED_JOB_VERSION)


submission.new_record = _newer_record
