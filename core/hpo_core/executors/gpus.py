"""Which GPU each worker has: those first that nobody uses, neither this session nor another on this machine."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from hpo_core.executors.claims import Claims, machine_folder


class GpuShare:
    """The GPUs that this process may use, by their places among them (from 0), and who has which.

    ``names`` tell the GPUs from others of the machine, as CUDA_VISIBLE_DEVICES does.
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
        self.names = tuple(visible[place] if place < len(visible) else str(place) for place in range(count))
        self._claims = gpu_claims(folder)
        self._of_worker: dict[int, int] = {}

    def take(self, worker: int) -> int:
        """Return the worker's GPU: the one it has, else the one with the fewest workers and sessions on it."""
        if worker not in self._of_worker:
            own = list(self._of_worker.values())
            others = self.used_elsewhere()
            place = min(range(len(self.names)), key=lambda at: (own.count(at) + others[at], own.count(at), at))
            self._of_worker[worker] = place
            self._claims.make(self.names[place])
        return self._of_worker[worker]

    def give_back(self, worker: int) -> None:
        """The worker has left for good."""
        place = self._of_worker.pop(worker, None)
        if place is not None and place not in self._of_worker.values():
            self._claims.end(self.names[place])

    def close(self) -> None:
        """Nobody of this process computes there any more."""
        for worker in list(self._of_worker):
            self.give_back(worker)

    def used_elsewhere(self) -> list[int]:
        """Return how many other sessions use each GPU; 0 where that cannot be known."""
        used = Counter(what for what, _, _ in self._claims.of_others())
        return [used[name.replace("/", "_")] for name in self.names]


def gpu_claims(folder: Path | None = None) -> Claims:
    """Return the claims of GPUs on this machine, each by its name."""
    return Claims(folder or machine_folder() / "gpus")
