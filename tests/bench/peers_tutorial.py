"""The counter of many a tutorial: OpenCV reads, MediaPipe finds joints, an angle is thresholded.

`python peers_tutorial.py CLIP` in a venv of its own, without this project: CPU-seconds and media
seconds as JSON.
"""

import json
import math
import sys
import time

import cv2
import mediapipe as mp

HIP, KNEE, ANKLE = 24, 26, 28
DOWN, UP = 90, 160


def angle(one, middle, other):
    """Degrees at `middle`."""
    first = math.atan2(one.y - middle.y, one.x - middle.x)
    second = math.atan2(other.y - middle.y, other.x - middle.x)
    turn = abs(math.degrees(first - second))
    return 360 - turn if turn > 180 else turn


def main(clip):
    """Prints the line."""
    with mp.solutions.pose.Pose(model_complexity=1) as pose:
        reader = cv2.VideoCapture(clip)
        fps = reader.get(cv2.CAP_PROP_FPS) or 30.0
        frames, down = 0, False
        read, picture = reader.read()
        pose.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))  # what is set up once
        began = time.process_time()
        while read:
            frames += 1
            seen = pose.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).pose_landmarks
            if seen:
                bend = angle(*(seen.landmark[joint] for joint in (HIP, KNEE, ANKLE)))
                down = bend < DOWN or (down and bend < UP)
            read, picture = reader.read()
        spent = time.process_time() - began
    print(json.dumps({"cpu_s": spent, "media_s": frames / fps, "frames": frames}))


if __name__ == "__main__":
    main(sys.argv[1])
