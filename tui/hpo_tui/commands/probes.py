"""Small experiments for ``doctor``: does this disk lock and sync, does TensorFlow start."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SYNCS = 5
TENSORFLOW_SECONDS = 120.0
_ASK_TENSORFLOW = "import tensorflow as tf; print('GPUS', len(tf.config.list_physical_devices('GPU')))"


def nearest_folder(path: Path) -> Path:
    """Return ``path``, or the nearest folder above it that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


@contextmanager
def _scratch_file(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".hpo-tui-probe-", dir=folder) as scratch:
        path = Path(scratch) / "probe"
        path.touch()
        yield path


def lock_holds(folder: Path) -> bool:
    """Return whether a second lock on a file in ``folder`` is refused, as it must be. Raises ``OSError``."""
    with _scratch_file(folder) as path, path.open("rb") as first, path.open("rb") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def sync_seconds(folder: Path) -> float:
    """Return how long it takes to put a few bytes on the disk of ``folder`` for good. Raises ``OSError``."""
    with _scratch_file(folder) as path, path.open("ab", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 256)
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / SYNCS


def start_tensorflow(seconds: float = TENSORFLOW_SECONDS) -> tuple[bool, str]:
    """Import TensorFlow in a process of its own; return whether it can, and what was found, in words."""
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK_TENSORFLOW],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    except subprocess.TimeoutExpired:
        return False, f"does not start within {seconds:.0f} s"
    took = time.perf_counter() - began
    found = [line.removeprefix("GPUS ") for line in done.stdout.splitlines() if line.startswith("GPUS ")]
    if done.returncode or not found:
        said = done.stderr.strip().splitlines()
        return False, f"does not start: {said[-1] if said else f'exit status {done.returncode}'}"
    return True, f"starts in {took:.1f} s, sees {found[0]} GPU{'' if found[0] == '1' else 's'}"
