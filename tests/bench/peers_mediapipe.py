"""MediaPipe's pose on given frames and photos; runs in a venv of its own, without this project.

`python peers_mediapipe.py COMPLEXITY FRAMES.npy PHOTOS.npz OUT.json`: CPU-seconds for the frames
(video mode, as it ships), and of each photo 33 landmarks as shares of it (static mode), null where
it finds nobody.
"""

import json
import sys
import time

import mediapipe as mp
import numpy as np


def main(complexity, frames, photos, out):
    """Writes OUT."""
    pose = mp.solutions.pose.Pose
    pictures = np.load(frames, mmap_mode="r")
    with pose(static_image_mode=False, model_complexity=complexity) as video:
        video.process(np.array(pictures[0]))  # what is set up once is not measured
        began, found = time.process_time(), 0
        for picture in pictures:
            found += video.process(np.array(picture)).pose_landmarks is not None
        spent = time.process_time() - began
    landmarks = {}
    with (
        pose(static_image_mode=True, model_complexity=complexity) as still,
        np.load(photos) as kept,
    ):
        for name in kept.files:
            seen = still.process(kept[name]).pose_landmarks
            landmarks[name] = seen and [[p.x, p.y, p.visibility] for p in seen.landmark]
    said = {"cpu_s": spent, "frames": len(pictures), "found": found, "photos": landmarks}
    with open(out, "w") as file:
        json.dump(said, file)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
