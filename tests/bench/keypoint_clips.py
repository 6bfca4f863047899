"""Joints on video: how still those of somebody who stands are, and legs that change their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import log_path, messages_of
from tests.bench.keypoint_swaps import swaps
from worker.contract.pose_log import END, split_log
from worker.contract.poses import decode_chunk, decode_head


def poses(clip: Path, exercise: str) -> tuple[NDArray[np.float32], float]:
    """The poses of a clip [n, 17, 3], kept or estimated now, and the picture's width by height."""
    kept = log_path(clip, exercise)
    if not kept.is_file():
        messages_of(clip, exercise)
    head, *entries = split_log(kept.read_bytes())
    media = decode_head(head).media
    chunks = [decode_chunk(entry).keypoints for entry in entries if entry != END]
    return np.concatenate(chunks)[..., :3], media.width / media.height


def jitter(clip: Path) -> float:
    """Noise of the body's joints from frame to frame of somebody who stands, in per cent of the
    body's height: root of half the mean square step (of white noise its deviation)."""
    keypoints, aspect = poses(clip, "squat")
    places = keypoints[:, 5:, :2].astype(np.float64) * (aspect, 1.0)
    height = float(np.median(np.ptp(keypoints[..., 1], axis=1)))
    steps = (np.diff(places, axis=0) ** 2).sum(axis=-1)
    return 100 * float(np.sqrt(steps.mean() / 2)) / height


def swap_table(cases: Iterable[tuple[Path, str]]) -> str:
    """The swaps of each clip whose poses are kept, as a table."""
    lines = ["| clip | swaps of more than 3 frames | shorter ones |", "|---|---|---|"]
    for clip, exercise in cases:
        if not log_path(clip, exercise).is_file():
            lines.append(f"| {clip.name} | not looked at in this run | |")
            continue
        found = swaps(*poses(clip, exercise))
        long = ", ".join(f"{length} frames" for length in found.swaps) or "0"
        lines.append(f"| {clip.name} | {long} | {len(found.flickers)} |")
    return "\n".join(lines) + "\n"
