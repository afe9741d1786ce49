"""Sessions that train on one machine at the same time know of each other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import start_engine
from hpo_core.executors.gpus import GpuShare
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.executors.sharing import ENGINE, claim, engine_claims, sessions_here, sharing_now, sharing_words
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import SessionHere, read_status
from hpo_core.session.store import create

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = [1e-3, 1e-2]
[session]
workload = "synthetic"
"""


def test_an_engine_and_its_gpus_are_known_as_long_as_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    share, claims = GpuShare(3), engine_claims()
    share.take(1)
    share.take(2)
    claim(claims, SessionFolder(tmp_path / "fruits"), 2)
    assert sessions_here() == (SessionHere("fruits", os.getpid(), 2, ("0", "1")),)
    claims.end(ENGINE)
    assert sessions_here() == ()
    share.close()


@pytest.mark.parametrize(
    ("others", "cores", "gpus", "said"),
    [
        ([], 4, (), ""),
        (
            [SessionHere("fruits", 1, 3)],
            4,
            (),
            "fruits (3 workers) trains on this machine too; free: 1 of 4 cores.",
        ),
        (
            [SessionHere("a", 1, 1, ("0",)), SessionHere("b", 2, 4, ("1", "2"))],
            4,
            ("0", "1", "2", "3"),
            "a (1 worker on GPU 0) and b (4 workers on GPU 1 and 2) train on this machine too; "
            "free: 0 of 4 cores, 1 of 4 GPUs.",
        ),
    ],
)
def test_who_trains_here_and_what_is_free_is_said(
    others: list[SessionHere], cores: int, gpus: tuple[str, ...], said: str
) -> None:
    assert sharing_words(others, cores, gpus) == said


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def test_two_engines_tell_their_screens_of_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "600")
    folders = [create(tmp_path / "sessions", name, SessionSpec.parse(SPEC)) for name in ("first", "second")]
    for folder in folders:
        start_engine(folder, EngineOptions(workload="synthetic", workers=1))
    assert "first (1 worker) and second (1 worker) train on this machine too" in sharing_now()
    for folder, other in zip(folders, reversed(folders), strict=True):
        wait_for(lambda folder=folder: getattr(read_status(folder.status), "others", ()))
        status = read_status(folder.status)
        assert status is not None
        assert [(each.name, each.workers) for each in status.others] == [(other.name, 1)]


@pytest.mark.parametrize(("address", "told"), [("", True), ("head:6379", False)])
def test_a_session_over_ray_is_told_to_others_on_this_machine_unless_its_workers_are_elsewhere(
    make_session: Callable[..., SessionFolder], monkeypatch: pytest.MonkeyPatch, address: str, told: bool
) -> None:
    claims: list[object] = []
    monkeypatch.setattr("hpo_core.engine.engine.claim", lambda *claim: claims.append(claim))
    options = EngineOptions(executor="ray", workload="synthetic", workers=1, address=address)
    assert Engine(make_session(), ReplayExecutor(), options, tick=0.001).run() == "finished"
    assert bool(claims) == told
