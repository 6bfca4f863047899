"""A file may not make a child read another file, whatever it calls itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding import filter_graph
from worker.media.probing.probe import VideoInfo, probe
from worker.media.sandbox.child_process import ChildLimits, run
from worker.media.sandbox.limits import DEFAULT_LIMITS

POINTERS = {
    "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\n",
    "dash": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        "<Period><AdaptationSet><Representation><BaseURL>{url}</BaseURL>"
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "svg": (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="9" height="9"><image xlink:href="{url}" width="9" height="9"/></svg>'
    ),
    "subtitles": "1\n00:00:00,000 --> 00:00:01,000\n{path}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("form", list(POINTERS))
@pytest.mark.parametrize("scheme", ["file://{}", "{}", "http://127.0.0.1:9/{}"])
def test_pointers_are_not_followed(tmp_path: Path, plain: Path, form: str, scheme: str) -> None:
    trap = tmp_path / "trap.mp4"
    trap.write_text(POINTERS[form].format(url=scheme.format(plain), path=plain))
    with pytest.raises(JobError) as caught:
        probe(trap)
    assert caught.value.code == ErrorCode.MEDIA_UNSUPPORTED
    # Nor by the decoder, should a probe ever be fooled.
    info = VideoInfo(kind="video", duration_ms=1, width=9, height=9, fps=25)
    picture = filter_graph.picture(filter_graph.source(DEFAULT_LIMITS, 1), info)
    output = picture.output("pipe:1", format="rawvideo")
    status, data, _ = run(filter_graph.command(output), trap, ChildLimits(cpu_seconds=10))
    assert status != 0
    assert data == b""


def test_the_traps_would_work_on_an_open_door(tmp_path: Path, plain: Path) -> None:
    trap = tmp_path / "trap.mp4"
    trap.write_text(POINTERS["concat"].format(path=plain))
    command = [
        filter_graph.command(filter_graph.source(DEFAULT_LIMITS, 1).output("-", format="null"))[0]
    ]
    command += ["-nostdin", "-v", "error", "-safe", "0", "-f", "concat", "-i", str(trap)]
    command += ["-f", "null", "-"]
    assert subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0
    if os.geteuid() == 0:
        # root's children are nobody's: without all the guards, the folder is still shut to them
        tmp_path.chmod(0o700)
        status, _, tail = run(command, trap, ChildLimits(cpu_seconds=10))
        assert status != 0 and "Permission denied" in tail


def test_a_child_cannot_open_files_at_all(tmp_path: Path, plain: Path) -> None:
    command = filter_graph.command(
        filter_graph.source(DEFAULT_LIMITS, 1).output("-", format="null")
    )
    command[command.index("fd:")] = f"file:{plain}"
    status, _, tail = run(command, plain, ChildLimits(cpu_seconds=10))
    assert status != 0
    assert "not on whitelist" in tail
