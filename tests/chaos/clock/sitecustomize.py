"""On the path of a Python program: its `time.time` is CHAOS_CLOCK_S seconds ahead of the machine's.

That is the clock by which workers judge leases, queues and deadlines, and Celery its messages;
`datetime.now` stays right, as nothing but signatures and texts are made with it.
"""

import os
import time

_AHEAD_S = float(os.environ.get("CHAOS_CLOCK_S", "0"))
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + _AHEAD_S
time.time_ns = lambda: _time_ns() + int(_AHEAD_S * 1e9)
