"""`make accuracy`: counts, holds and jumps against the truth, written to ACCURACY.md beside this.

`python -m tests.bench.accuracy [--quick] [--long] [--fresh] [--keypoints] [--profiles]
[--strangers] [--variants] [--jumps] [--form] [--tracking] [--only TEXT]...` from the project's
root. With --only or --quick the report is printed alone; --keypoints, --profiles, --strangers,
--variants, --jumps, --form and --tracking measure those parts alone. POSEQUEUE_PROFILE says which
profile is usual.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.bench import (
    accuracy_cases,
    accuracy_exact,
    accuracy_form,
    accuracy_jumps,
    accuracy_keypoints,
    accuracy_profiles,
    accuracy_report,
    accuracy_strangers,
    accuracy_tracking,
    accuracy_variants,
    machine,
)
from tests.bench.accuracy_cases import Case
from tests.bench.accuracy_grid import measure_grid
from tests.bench.accuracy_judge import Verdict, judge
from tests.bench.accuracy_poses import ROOT, USUAL, forget, messages_of
from worker.pose.profiles import Wanted

PROCESSES = 2
SHARED = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))


def say(line: str) -> None:
    """A line of progress on stderr."""
    print(f"accuracy {time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shipped clips and a small grid")
    parser.add_argument("--long", action="store_true", help="the clip of 12 minutes too")
    parser.add_argument("--fresh", action="store_true", help="leave kept poses aside")
    parser.add_argument("--keypoints", action="store_true", help="their part alone")
    parser.add_argument("--profiles", action="store_true", help="what each counts, alone")
    parser.add_argument("--strangers", action="store_true", help="their clips, alone")
    parser.add_argument("--variants", action="store_true", help="changed clips, alone")
    parser.add_argument("--jumps", action="store_true", help="those of real people, alone")
    parser.add_argument("--form", action="store_true", help="good and bad reps, alone")
    parser.add_argument("--tracking", action="store_true", help="whom it follows, alone")
    parser.add_argument("--only", action="append", help="clips whose name has this text")
    return parser.parse_args()


def cases(*, quick: bool, long: bool, only: Sequence[str]) -> list[Case]:
    """What is to be looked at; clips that are not here are left out with a word on stderr."""
    found = accuracy_cases.shipped(ROOT / "tests" / "clips")
    if not quick:
        found = accuracy_cases.negatives(ROOT / ".posequeue" / "sample" / "walking.mp4") + found
        if (SHARED / "media").is_dir():
            variants = accuracy_cases.variants(SHARED, long=long or bool(only))
            found = accuracy_cases.development(SHARED) + variants + found
        else:
            say(f"no real clips in {SHARED}")
    return [case for case in found if not only or any(text in case.clip.name for text in only)]


def look(group: list[Case], profile: Wanted) -> list[Verdict]:
    """The verdicts on the cases of one clip."""
    return [
        judge(
            case,
            messages_of(
                case.clip, case.exercise, user_height_cm=case.user_height_cm, profile=profile
            ),
        )
        for case in group
    ]


def _all(chosen: list[Case], profile: Wanted = USUAL) -> list[Verdict]:
    by_clip: dict[Path, list[Case]] = {}
    for case in chosen:
        by_clip.setdefault(case.clip, []).append(case)
    verdicts: list[Verdict] = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        for found in pool.map(look, by_clip.values(), [profile] * len(by_clip)):
            for verdict in found:
                if not verdict.ok:
                    say(f"NOT RIGHT {verdict.case.clip.name} {verdict.case.exercise}: truth "
                        f"{verdict.case.truth}, said {verdict.said}")  # fmt: skip
            verdicts += found
            say(f"{len(verdicts)}/{len(chosen)}  {found[0].case.clip.name}")
    return verdicts


def _by_profile(chosen: list[Case]) -> dict[Wanted, list[Verdict]]:
    found = {}
    for profile in accuracy_exact.LOOKED_AT:
        say(f"profile {profile}")
        found[profile] = _all(chosen, profile)
    return found


def _keypoints() -> None:
    _by_profile(cases(quick=True, long=False, only=[]))  # two at a time; then they are kept
    say("keypoints")
    accuracy_report.put("keypoints", accuracy_keypoints.text_of(SHARED))


def _strangers() -> None:
    if text := accuracy_strangers.measured(SHARED, say):
        accuracy_report.put("strangers", text)


def _variants() -> None:
    if text := accuracy_variants.measured(SHARED, say):
        accuracy_report.put("variants", text)


def _jumps() -> None:
    say("jumps")
    accuracy_report.put("jumps", accuracy_jumps.text_of(SHARED))


def _form() -> None:
    say("form")
    accuracy_report.put("form", accuracy_form.measure(SHARED))


def _tracking() -> None:
    if text := accuracy_tracking.text_of(SHARED, say):
        accuracy_report.put("tracking", text)


def _profiles(only: Sequence[str]) -> None:
    chosen = cases(quick=False, long=False, only=only)
    chosen = [case for case in chosen if case.group in ("development", "shipped")]
    text = accuracy_profiles.text_of(_by_profile(chosen))
    if only:
        print(text)
    else:
        accuracy_report.put("profiles", text)


def main() -> None:
    """Looks at every case and writes the report, or does the parts that are asked for."""
    asked = _arguments()
    only = asked.only or []
    if asked.fresh:
        forget()
    if asked.profiles:
        _profiles(only)
    if asked.keypoints:
        _keypoints()
    if asked.strangers:
        _strangers()
    if asked.variants:
        _variants()
    if asked.jumps:
        _jumps()
    if asked.form:
        _form()
    if asked.tracking:
        _tracking()
    alone = (asked.keypoints, asked.profiles, asked.strangers, asked.jumps, asked.form)
    if any((*alone, asked.tracking, asked.variants)):
        return
    chosen = cases(quick=asked.quick, long=asked.long, only=only)
    verdicts = _all(chosen)
    grid = None if only else measure_grid(quick=asked.quick, processes=PROCESSES, say=say)
    text = accuracy_report.text_of(verdicts, grid, machine.stamp())
    if only or asked.quick:
        print(text)
        return
    accuracy_report.REPORT.write_text(text)
    _strangers()
    _variants()
    _profiles(only)
    _keypoints()
    _jumps()
    _form()
    _tracking()
    say(f"written to {accuracy_report.REPORT.name}")


if __name__ == "__main__":
    main()
