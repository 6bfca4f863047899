"""A kinematic athlete: exact truth, 17 keypoints, any camera; what the motion room is tested on."""
