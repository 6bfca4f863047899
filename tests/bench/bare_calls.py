"""The bare model calls of a job: nothing but `InferenceSession.run` on arrays made before.

`python -m tests.bench.bare_calls FOLDER` prints the CPU-seconds of the calls in `calls.npz`; what
comes before them (imports, sessions, arrays, the first call of each shape) is not in it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from tests.bench.instrumented import DETECT, ESTIMATE
from worker.pose.model_factory import open_model
from worker.pose.profiles import ModelName, model_of

_MODEL = ModelName.parse(model_of("auto", gpu=False))
_NAMES = {DETECT: _MODEL.people, ESTIMATE: _MODEL.joints}


def main(folder: Path) -> None:
    """Runs the calls in the job's order."""
    models = Path(os.environ["POSEQUEUE_MODELS_DIR"])
    sessions = {call: open_model(name, models, "cpu").inner for call, name in _NAMES.items()}
    with np.load(folder / "calls.npz") as stored:
        calls = [(sessions[key[6:]], {"image": stored[key]}) for key in sorted(stored.files)]
    seen = set()
    for session, inputs in calls:
        shape = (id(session), inputs["image"].shape)
        if shape not in seen:
            seen.add(shape)
            session.run(None, inputs)
    began = time.process_time()
    for session, inputs in calls:
        session.run(None, inputs)
    print(time.process_time() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
