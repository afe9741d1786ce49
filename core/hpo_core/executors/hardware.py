"""What this machine offers to workers: cores, GPUs, memory."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

GIGABYTE = 1 << 30
WORKER_BYTES = GIGABYTE
"""What a worker with TensorFlow needs at least; no more workers are suggested than fit."""


def cores() -> int:
    """Return how many CPU cores this process may use: its affinity, and its control group's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        allowed = min(allowed, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no such control group, or "max": no limit
    return max(allowed, 1)


def gpus() -> int:
    """Return how many NVIDIA GPUs workers may use; 0 where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    present = sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return present
    return min(present, len([part for part in visible.split(",") if part.strip() not in ("", "-1")]))


def suggested_cpu_workers() -> int:
    """Return one worker for each core, as far as the memory goes."""
    return max(1, min(cores(), _memory() // WORKER_BYTES))


def memory_allowance(workers: int) -> int:
    """Return the resident bytes past which a worker is replaced: 4 GB, or its share of half the memory."""
    return max(4 * GIGABYTE, _memory() // (2 * max(workers, 1)))


@cache
def _memory() -> int:
    import psutil  # a screen has no need of it

    return int(psutil.virtual_memory().total)
