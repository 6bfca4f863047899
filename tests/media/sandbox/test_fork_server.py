"""Forks of a template: each has one input, nothing of another's, and an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.media.sandbox import fork_client
from worker.media.sandbox.fork_client import ForkServer, ForkServerLost, forked_seconds
from worker.media.sandbox.media_process import ChildLimits, ChildStalled
from worker.media.sandbox.privileges import NOBODY

PROGRAM = Path(__file__).with_name("forked_program.py")


@pytest.fixture
def server() -> Iterator[ForkServer]:
    server = ForkServer(PROGRAM)
    yield server
    server.close()


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "given"
    path.write_text("handed over")
    return path


def said(server: ForkServer, given: Path, what: str, **limits: Any) -> tuple[int, bytes, str]:
    """Exit status, output and error tail of a fork that does `what`."""
    threads = limits.pop("threads", False)
    with server.run([what], ChildLimits(**limits), given, threads=threads) as fork:
        output = bytearray(1 << 16)
        filled = fork.read_into(memoryview(output))
        return fork.finish(), bytes(output[:filled]), fork.tail


def about(server: ForkServer, given: Path, **limits: Any) -> dict[str, Any]:
    status, output, tail = said(server, given, "about", **limits)
    assert status == 0, tail
    found: dict[str, Any] = json.loads(output)
    return found


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended; who is its parent now may not have noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_each_input_has_a_process_that_has_nothing_else(server: ForkServer, given: Path) -> None:
    limits = {"cpu_seconds": 7, "memory_bytes": 1 << 30, "file_bytes": 1024, "open_files": 32}
    secret, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    try:
        first = about(server, given, **limits)
    finally:
        os.close(secret)
        os.close(theirs)
    said(server, given, "remember")
    second = about(server, given, **limits)
    assert len({first["pid"], second["pid"], server.pid, os.getpid()}) == 4
    for one in (first, second):
        assert one["group"] == one["pid"]
        assert one["given"] == "handed over"
        assert one["descriptors"][:3] == [0, 1, 2]
        assert len(one["descriptors"]) <= 4  # the folder that it lists
        assert set(one["environment"]) <= {"LC_ALL", "PATH", "OPENBLAS_NUM_THREADS", "LC_CTYPE"}
        assert one["folder"] == "/"
        assert one["seen"] == []
        assert one["no_new_rights"] == 1
        assert one["dumpable"] == 0
        assert {name: soft for name, (soft, _) in one["limits"].items()} == {
            "CORE": 0, "CPU": 7, "AS": 1 << 30, "FSIZE": 1024, "NOFILE": 32, "NPROC": 0,
        }  # fmt: skip
        assert all(soft == hard for soft, hard in one["limits"].values())
        if os.geteuid() == 0 and one["uid"] != 0:
            assert (one["uid"], one["groups"]) == (NOBODY, [])


def test_it_can_leave_nobody_behind(server: ForkServer, given: Path) -> None:
    if about(server, given)["uid"] == 0:
        pytest.skip("root is not limited, and may not become anybody else here")
    status, _, tail = said(server, given, "fork")
    assert status == 1 and "Resource temporarily unavailable" in tail
    status, _, tail = said(server, given, "thread")
    assert status == 1 and "can't start new thread" in tail
    assert said(server, given, "thread", threads=True)[:2] == (0, b"a thread\n")


def test_what_is_over_a_limit_ends_alone(server: ForkServer, given: Path) -> None:
    with server.run(["spin"], ChildLimits(cpu_seconds=1), given) as fork:
        assert fork.finish() in (-signal.SIGKILL, -signal.SIGXCPU)
        assert fork.out_of_limits
    status, _, tail = said(server, given, "eat", memory_bytes=512 << 20)
    assert status == 1 and "MemoryError" in tail
    assert about(server, given)["given"] == "handed over"


def test_silence_is_an_error_and_the_fork_is_gone(server: ForkServer, given: Path) -> None:
    about(server, given)
    template = server.pid
    with server.run(["hang"], ChildLimits(stall_seconds=1), given) as fork:
        output = bytearray(16)
        with pytest.raises(ChildStalled):
            fork.read_into(memoryview(output))
    assert gone(int(output.rstrip(b"\0")))
    assert about(server, given)["given"] == "handed over"
    assert server.pid == template


def test_after_a_crash_the_layout_of_memory_is_another(server: ForkServer, given: Path) -> None:
    about(server, given)
    template = server.pid
    assert said(server, given, "crash")[0] == -signal.SIGABRT
    assert about(server, given)["given"] == "handed over"
    assert server.pid != template


def test_a_template_is_renewed_now_and_then(
    server: ForkServer, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_client, "RENEWED_AFTER", 2)
    templates = []
    for _ in range(4):
        about(server, given)
        templates.append(server.pid)
    assert templates[0] == templates[1] != templates[2] == templates[3]


def test_a_killed_template_is_replaced(server: ForkServer, given: Path) -> None:
    about(server, given)
    template = server.pid
    assert template is not None
    os.kill(template, signal.SIGKILL)
    until(lambda: gone(template))
    assert about(server, given)["given"] == "handed over"
    assert server.pid != template


def test_with_its_template_a_fork_ends(server: ForkServer, given: Path) -> None:
    with server.run(["hang"], ChildLimits(stall_seconds=30), given) as fork:
        pid = bytearray(1)
        assert fork.read_into(memoryview(pid)) == 1
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert fork.read_into(memoryview(bytearray(64))) < 64
        with pytest.raises(ForkServerLost):
            fork.finish()
    assert about(server, given)["given"] == "handed over"


def test_a_template_that_does_not_start(tmp_path: Path, given: Path) -> None:
    program = tmp_path / "broken.py"
    program.write_text("import nothing_of_this_name")
    server = ForkServer(program)
    with pytest.raises(ForkServerLost, match=r"broken\.py does not start"):
        server.run([], ChildLimits(), given)
    assert server.pid is None
    with pytest.raises(ForkServerLost):  # and nobody waits for a turn
        server.run([], ChildLimits(), given)


def test_nothing_is_left_after_many(server: ForkServer, given: Path) -> None:
    about(server, given)
    template = server.pid
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(200):
        assert said(server, given, "remember")[0] == 0
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert server.pid == template
    assert Path(f"/proc/{template}/task/{template}/children").read_text() == ""
    assert len(os.listdir(f"/proc/{template}/fd")) <= 5
    server.close()
    assert template is not None and not Path(f"/proc/{template}").exists()


def test_a_kill_that_comes_too_late_ends_nobody_else(server: ForkServer, given: Path) -> None:
    with server.run(["remember"], ChildLimits(), given) as fork:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        assert fork.read_into(memoryview(bytearray(1))) == 0
        until(lambda: children.read_text() == "")
        fork._kill()
        assert fork.returncode == 0
    assert [about(server, given)["given"] for _ in range(3)] == ["handed over"] * 3


def test_threads_take_turns(server: ForkServer, given: Path) -> None:
    found: list[int] = []

    def ask() -> None:
        found.extend(about(server, given)["pid"] for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 20


def test_a_copy_of_its_owner_has_a_template_of_its_own(server: ForkServer, given: Path) -> None:
    about(server, given)
    template = server.pid
    receiving, sending = os.pipe()
    copy = os.fork()
    if copy == 0:
        try:
            about(server, given)
            os.write(sending, str(server.pid).encode())
        finally:
            os._exit(0)
    os.waitpid(copy, 0)
    os.close(sending)
    with os.fdopen(receiving) as answer:
        other = int(answer.read())
    until(lambda: gone(other))
    assert other != template
    about(server, given)
    assert server.pid == template


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_its_owner(given: Path, end: signal.Signals) -> None:
    script = (
        "import sys, time; from pathlib import Path; "
        "from worker.media.sandbox.fork_client import ForkServer; "
        "from worker.media.sandbox.media_process import ChildLimits; "
        "server = ForkServer(Path(sys.argv[1])); "
        "fork = server.run(['hang'], ChildLimits(), Path(sys.argv[2])); "
        "print(server.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(PROGRAM), str(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        template = int(owner.stdout.readline())
        children = Path(f"/proc/{template}/task/{template}/children")
        until(lambda: children.read_text() != "")
        fork = int(children.read_text())
        owner.send_signal(end)
    until(lambda: gone(template) and gone(fork))


def test_its_time_is_counted(server: ForkServer, given: Path) -> None:
    about(server, given)
    before = forked_seconds()
    said(server, given, "busy")
    assert 0.3 <= forked_seconds() - before < 5
