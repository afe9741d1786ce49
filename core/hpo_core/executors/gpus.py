"""Which GPU each worker has: those first that nobody uses, neither this session nor another one on this machine.

Whoever has workers on a GPU holds a lock on a file in the cache folder that names it. A lock ends with its
process, however that ends; a file that nobody holds is swept away by the next one who looks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from hpo_core.workloads.images.cache import cache_path


class GpuShare:
    """The GPUs that this process may use, by their places among them (from 0), and who has which.

    ``names`` tell the GPUs from others of the machine, as CUDA_VISIBLE_DEVICES does.
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
        self.names = tuple(visible[place] if place < len(visible) else str(place) for place in range(count))
        self._folder = folder or cache_path() / "gpus"
        self._of_worker: dict[int, int] = {}
        self._locks: dict[int, tuple[int, Path]] = {}

    def take(self, worker: int) -> int:
        """Return the worker's GPU: the one it has, else the one with the fewest workers and sessions on it."""
        if worker not in self._of_worker:
            own = list(self._of_worker.values())
            others = self.used_elsewhere()
            place = min(range(len(self.names)), key=lambda at: (own.count(at) + others[at], own.count(at), at))
            self._of_worker[worker] = place
            if place not in self._locks:
                self._lock(place)
        return self._of_worker[worker]

    def give_back(self, worker: int) -> None:
        """The worker has left for good."""
        place = self._of_worker.pop(worker, None)
        if place is not None and place not in self._of_worker.values():
            self._unlock(place)

    def close(self) -> None:
        """Nobody of this process computes there any more."""
        for worker in list(self._of_worker):
            self.give_back(worker)

    def used_elsewhere(self) -> list[int]:
        """Return how many other sessions use each GPU; 0 where that cannot be known."""
        return [sum(map(self._held, self._folder.glob(f"{name.replace('/', '_')}@*"))) for name in self.names]

    def _held(self, path: Path) -> bool:
        """Whether another process holds this file; one that nobody holds is removed."""
        if any(path == own for _, own in self._locks.values()):
            return False
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                return True
            finally:
                os.close(fd)
        return False

    def _lock(self, place: int) -> None:
        """Say that this GPU is used; where the folder cannot be written or locked, nobody is told."""
        path = self._folder / f"{self.names[place].replace('/', '_')}@{os.getpid()}-{id(self)}"
        fresh = path.with_name(f".{path.name}")  # it is seen only once it is held: nobody sweeps it away before
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fresh.replace(path)
            except OSError:
                os.close(fd)
                raise
            self._locks[place] = fd, path

    def _unlock(self, place: int) -> None:
        if place in self._locks:
            fd, path = self._locks.pop(place)
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(fd)
