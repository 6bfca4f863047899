"""On the path of a Python program: its `time.time` is CHAOS_CLOCK_S seconds ahead of the machine's,
from when the file CHAOS_CLOCK_FILE is there, if one is named.

Celery dates its messages by that clock; leases, queues, deadlines and retries are to go by Redis'
clock alone. `datetime.now` stays right, as nothing but signatures of S3 and texts are made with it.
"""

import os
import time

_AHEAD_S = float(os.environ.get("CHAOS_CLOCK_S", "0"))
_FILE = os.environ.get("CHAOS_CLOCK_FILE", os.devnull)
_time, _time_ns = time.time, time.time_ns


def _ahead_s():
    return _AHEAD_S if os.path.exists(_FILE) else 0.0


time.time = lambda: _time() + _ahead_s()
time.time_ns = lambda: _time_ns() + int(_ahead_s() * 1e9)
