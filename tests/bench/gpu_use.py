"""How busy a worker's processes and the GPUs are, and what GPU memory each process holds."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE_S = 0.25


@dataclass
class Use:
    """Processors busy with a group of processes; `gpu` 0-1 by sample, `vram` the most bytes that
    each process held, both empty where NVML tells nothing."""

    cores: float = 0.0
    gpu: list[float] = field(default_factory=list)
    vram: dict[int, int] = field(default_factory=dict)


@contextlib.contextmanager
def watched(group: int) -> Iterator[Use]:
    """What the process group and the GPUs use until the end of the block."""
    use, ended = Use(), threading.Event()
    sampler = threading.Thread(target=_sample, args=(use, ended), daemon=True)
    sampler.start()
    began, used = time.monotonic(), group_cpu_s(group)
    try:
        yield use
    finally:
        use.cores = (group_cpu_s(group) - used) / (time.monotonic() - began)
        ended.set()
        sampler.join()


def group_cpu_s(group: int) -> float:
    """Processor seconds of a group's living processes and of all children that they waited for
    (proc(5): utime, stime, cutime, cstime)."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = file.read_text().rsplit(")", 1)[1].split()
            if int(words[2]) == group:
                ticks += sum(map(int, words[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def gpu_names() -> list[str]:
    """Name and memory of each GPU; empty where NVML is not there."""
    nvml = _nvml()
    names = []
    for device in _devices(nvml):
        name, memory = nvml.nvmlDeviceGetName(device), nvml.nvmlDeviceGetMemoryInfo(device)
        text = name.decode() if isinstance(name, bytes) else name
        names.append(f"{text}, {memory.total / 2**30:.0f} GiB")
    return names


def _sample(use: Use, ended: threading.Event) -> None:
    nvml = _nvml()
    devices = _devices(nvml)
    while devices and not ended.wait(SAMPLE_S):
        rates = [nvml.nvmlDeviceGetUtilizationRates(device).gpu / 100 for device in devices]
        use.gpu.append(max(rates))
        for device in devices:
            for one in nvml.nvmlDeviceGetComputeRunningProcesses(device):
                memory = one.usedGpuMemory or 0  # None where a container may not know
                use.vram[one.pid] = max(memory, use.vram.get(one.pid, 0))


def _devices(nvml: Any) -> list[Any]:
    count = nvml.nvmlDeviceGetCount() if nvml else 0
    return [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(count)]


def _nvml() -> Any:
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no package, or no driver
        return None
    return pynvml
