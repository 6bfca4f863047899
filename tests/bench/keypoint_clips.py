"""Poses of a clip that are kept, and legs that change their names in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import USUAL, is_kept, log_path, messages_of
from tests.bench.keypoint_swaps import swaps
from worker.contract.pose_log import END, split_log
from worker.contract.poses import decode_chunk, decode_head
from worker.pose.profiles import Wanted


def poses(
    clip: Path, exercise: str, profile: Wanted = USUAL
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """The poses of every frame of a clip [n, 17, 3], kept or estimated now, and the picture's width
    and height."""
    kept = log_path(clip, exercise, profile, keypoints=True)
    if not is_kept(kept):
        messages_of(clip, exercise, profile=profile, keypoints=True)
    head, *entries = split_log(kept.read_bytes())
    media = decode_head(head).media
    chunks = [decode_chunk(entry).keypoints for entry in entries if entry != END]
    return np.concatenate(chunks)[..., :3], (media.width, media.height)


def swap_table(cases: Iterable[tuple[Path, str]]) -> str:
    """The swaps of each clip whose poses are kept, as a table."""
    lines = ["| clip | swaps of more than 3 frames | shorter ones |", "|---|---|---|"]
    for clip, exercise in cases:
        if not is_kept(log_path(clip, exercise, keypoints=True)):
            lines.append(f"| {clip.name} | not looked at in this run | |")
            continue
        keypoints, (width, height) = poses(clip, exercise)
        found = swaps(keypoints, width / height)
        long = ", ".join(f"{length} frames" for length in found.swaps) or "0"
        lines.append(f"| {clip.name} | {long} | {len(found.flickers)} |")
    return "\n".join(lines) + "\n"
