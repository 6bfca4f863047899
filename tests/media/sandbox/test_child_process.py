from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

import pytest

from worker.media.sandbox.child_process import Child, run
from worker.media.sandbox.media_process import TAIL_BYTES, ChildLimits, ChildStalled


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_bytes(b"hello")
    return path


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_status_and_errors(text: Path) -> None:
    status, output, tail = run(["/bin/sh", "-c", "cat; echo bad >&2; exit 3"], text, ChildLimits())
    assert (status, output, tail) == (3, b"hello", "bad")


def test_too_much_output_is_cut_off(text: Path) -> None:
    status, output, _ = run(["cat", "/dev/zero"], text, ChildLimits(), max_output=1000)
    assert (status, output) == (1, b"")


def test_error_tail_is_bounded(text: Path) -> None:
    script = "head -c 1000000 /dev/zero | tr '\\0' x >&2; printf end >&2"
    _, _, tail = run(["/bin/sh", "-c", script], text, ChildLimits())
    assert len(tail) == TAIL_BYTES
    assert tail.endswith("end")


def test_silence_is_an_error_and_the_child_is_gone(text: Path) -> None:
    limits = ChildLimits(stall_seconds=0.1)
    with Child(["sleep", "60"], limits=limits, source=text) as child:
        process = child._process.pid
        with pytest.raises(ChildStalled):
            child.read_into(memoryview(bytearray(1)))
    assert not alive(process)


def test_grandchildren_are_killed_too(text: Path) -> None:
    # Every process of the session holds the pipe open; its end is read when the last is gone.
    receiving, sending = os.pipe()
    args = ["/bin/sh", "-c", "sleep 60 & echo; wait"]
    with Child(args, limits=ChildLimits(), source=text, pass_fds=(sending,)) as child:
        os.close(sending)
        child.read_into(memoryview(bytearray(1)))
        assert select.select([receiving], [], [], 0)[0] == []
    assert select.select([receiving], [], [], 10)[0] == [receiving]
    os.close(receiving)


def test_processor_time_is_limited(text: Path) -> None:
    limits = ChildLimits(cpu_seconds=1)
    with Child(["/bin/sh", "-c", "while :; do :; done"], limits=limits, source=text) as child:
        assert child.finish() in (-signal.SIGKILL, -signal.SIGXCPU)
        assert child.out_of_limits


@pytest.mark.parametrize(
    ("flag", "expected"), [("-v", "1048576"), ("-f", "2"), ("-n", "32"), ("-c", "0")]
)
def test_limits_reach_the_child(text: Path, flag: str, expected: str) -> None:
    limits = ChildLimits(memory_bytes=1 << 30, file_bytes=1024, open_files=32)
    _, output, _ = run(["/bin/sh", "-c", f"ulimit {flag}"], text, limits)
    assert output.decode().strip() == expected


def test_what_a_child_on_a_gpu_may_write_to_is_limited(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    limits = ChildLimits(memory_bytes=1 << 30, gpu=True)
    script = "ulimit -d; ulimit -v; ulimit -n; echo $CUDA_VISIBLE_DEVICES"
    _, output, _ = run(["/bin/sh", "-c", script], text, limits)
    assert output.decode().split() == ["1048576", "unlimited", "256", "1"]
    # addresses are free, as CUDA reserves them; memory is not
    for kind, status in (("PROT_NONE", 0), ("PROT_READ | m.PROT_WRITE", 1)):
        code = f"import mmap as m; m.mmap(-1, 4 << 30, m.MAP_PRIVATE, m.{kind})"
        code = f"PROT_NONE = 0; {code}".replace("m.PROT_NONE", "PROT_NONE")
        assert run([sys.executable, "-c", code], text, limits)[0] == status
    _, output, _ = run(["/bin/sh", "-c", "echo $CUDA_VISIBLE_DEVICES"], text, ChildLimits())
    assert output == b"\n"


def test_written_bytes_come_back() -> None:
    data = os.urandom(3 << 20)
    with Child(["wc", "-c"], limits=ChildLimits()) as child:
        child.write(memoryview(data))
        assert child.finish() == 0
        answer = bytearray(16)
        count = child.read_into(memoryview(answer))
    assert int(answer[:count]) == len(data)


def test_writing_to_a_dead_child_is_a_broken_pipe() -> None:
    with Child(["true"], limits=ChildLimits()) as child, pytest.raises(BrokenPipeError):
        child.write(memoryview(bytes(4 << 20)))


def test_a_forgotten_child_dies(tmp_path: Path) -> None:
    # `dd` writes without end, so it meets the closed pipe.
    source = tmp_path / "empty"
    source.touch()
    child = Child(["dd", "if=/dev/zero"], limits=ChildLimits(), source=source)
    drain, process = child._drain, child._process
    del child
    process.stdout.close()
    drain.join(10)
    assert not drain.is_alive()
    assert process.wait(10) == -signal.SIGPIPE


def test_the_tail_names_no_addresses(text: Path) -> None:
    _, _, tail = run(["/bin/sh", "-c", "echo '[mov @ 0x7f1] bad' >&2"], text, ChildLimits())
    assert tail == "[mov] bad"
