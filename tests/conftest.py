"""For every test: sessions and cache of its own, no colours, and no engine that outlives it."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from fault_table import FaultPlugin
from xdist.scheduler import LoadFileScheduling

from hpo_core.executors.hardware import cores
from hpo_core.journal.lock import is_held, read_holder

END_SECONDS = 60

TENSORFLOW = "tests/tf/"

LONGEST_FIRST = ("tf", "tui/screens", "tui/views", "e2e", "faults", "bench", "core/effects")
"""Folders whose files take longest: what begins last should be short, or one process works on alone at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ray", action="store_true", help="run also what needs a Ray cluster: minutes")
    parser.addoption("--faults", action="store_true", help="print which test shows which fault of faults.toml")


def pytest_configure(config: pytest.Config) -> None:
    # hundreds of commands, engines and workers are started: each would compile the packages anew (0.1 to 0.2 s)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.pluginmanager.register(FaultPlugin(config))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes more than there are cores: many tests wait for a process or a terminal of their own."""
    del config
    return cores() + 2


class Scheduling(LoadFileScheduling):
    """Each file's tests run in one process; all of TensorFlow's do, as what one of them traced serves the next."""

    def _split_scope(self, nodeid: str) -> str:
        return TENSORFLOW if nodeid.startswith(TENSORFLOW) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Where ``--dist loadfile`` is asked for, as pyproject does, ours; else the one that is asked for."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


class OwnOrder(pytest.Dir):
    """A folder whose files each process meets in an order of its own.

    Rewriting the asserts of all files takes longer than importing them. What one process has rewritten and kept,
    the others find; in the same order all of them would rewrite the same file at the same time.
    """

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        found = list(super().collect())
        random.Random(os.environ["PYTEST_XDIST_WORKER"]).shuffle(found)
        return found


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return OwnOrder.from_parent(parent, path=path) if "PYTEST_XDIST_WORKER" in os.environ else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parent.as_posix()
        return next((at for at, name in enumerate(LONGEST_FIRST) if folder.startswith(name)), len(LONGEST_FIRST))

    items.sort(key=lambda item: (rank(item), item.path))
    for item in items:
        if item.get_closest_marker("ray") and not config.getoption("--ray"):
            item.add_marker(pytest.mark.skip(reason="needs a Ray cluster: python -m pytest --ray -m ray"))


def pytest_collection_finish() -> None:
    """Look for cycles seldom, and not among what is here to stay: that is a third of a screen's test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep sessions and decoded images inside ``tmp_path``; end the engines that were left at work there."""
    monkeypatch.setenv("HPO_TUI_SESSIONS", str(tmp_path / "sessions"))
    monkeypatch.setenv("HPO_TUI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("COLORTERM", "FORCE_COLOR", "COLUMNS", "LINES", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    yield
    for lock in tmp_path.rglob("lock"):
        if lock.is_file() and is_held(lock):
            end_engine(lock)


def end_engine(lock: Path) -> None:
    """End the process that the lock file names, and its workers, if it is one of ours."""
    holder = read_holder(lock)
    if holder is None or holder.pid == psutil.Process().pid:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        engine = psutil.Process(holder.pid)
        processes = [engine, *engine.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    end = time.monotonic() + END_SECONDS
    while is_held(lock):
        assert time.monotonic() < end, f"the engine {holder.pid} does not end"
        time.sleep(0.01)
