"""Going on with a session: the next engine is started as the last one was, journals of before included."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hpo_core.engine import launch
from hpo_core.engine.launch import start_engine
from hpo_core.engine.resume import resume
from hpo_core.engine.stopping import stop_engine
from hpo_core.errors import HpoError, SessionError
from hpo_core.executors.registry import start_executor
from hpo_core.journal.events import EngineOptions
from hpo_core.journal.records import encode_record
from hpo_core.plan.model_source import ModelSpec
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create

MakeSession = Callable[..., SessionFolder]


def wait_for_the_end(folder: SessionFolder) -> None:
    deadline = time.monotonic() + 60
    while folder.engine_runs():
        assert time.monotonic() < deadline, "the engine does not end"
        time.sleep(0.02)


def recorded(folder: SessionFolder) -> EngineOptions:
    engine = read_session(folder).engine
    assert engine is not None
    return engine.options


def test_a_second_engine_has_the_options_of_the_first_but_for_those_given(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")
    folder = make_session(epochs=500)
    first = EngineOptions(workload="synthetic", workers=1)
    start_engine(folder, first)
    stop_engine(folder, now=True)
    wait_for_the_end(folder)
    assert resume(folder).left == 8
    assert recorded(folder) == first
    stop_engine(folder, now=True)
    wait_for_the_end(folder)
    resume(folder, {"workers": 2})
    assert recorded(folder) == EngineOptions(workload="synthetic", workers=2)
    stop_engine(folder, now=True)
    wait_for_the_end(folder)
    gens = {json.loads(line)["gen"] for line in (folder.path / "journal.jsonl").read_text().splitlines()}
    assert gens == {1, 2, 3}


@pytest.mark.parametrize(
    ("formerly", "workload"), [("synthetic", "synthetic"), ("tensorflow", "paper"), (None, "paper")]
)
def test_an_engine_of_before_the_options_is_followed_by_one_with_its_workload(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, formerly: str | None, workload: str
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(launch, "start_engine", lambda folder, options, **_: started.append(options))
    folder = make_session()
    event = {"type": "EngineStarted", "host": "box", "boot_id": "b", "pid": 1, "version": "0.1.0", "workers": 3}
    event |= {} if formerly is None else {"trainer": formerly}
    record: Any = {"seq": 1, "gen": 1, "time": 1.0, "event": event}
    (folder.path / "journal.jsonl").write_bytes(encode_record(record))
    engine = read_session(folder).engine
    assert engine is not None
    assert (engine.workers, engine.device) == (3, "cpu")
    resume(folder)
    assert started == [EngineOptions(workload=workload)]


@pytest.mark.parametrize("workload", ["own", "paper"])
def test_a_workload_that_cannot_train_the_session_is_refused_in_a_sentence(
    tmp_path: Path, make_spec: Callable[..., SessionSpec], workload: str
) -> None:
    model = ModelSpec(command="run {learning_rate} {filters} {epochs}", folder=str(tmp_path))
    spec = replace(make_spec(), model=model, workload="own") if workload == "paper" else make_spec()
    folder = create(tmp_path, "mine", spec)
    with pytest.raises(SessionError, match="'mine' cannot be trained so: the workload 'own' and a table"):
        resume(folder, {"workload": workload})
    assert not folder.engine_runs()


def test_what_is_not_in_the_tables_is_named(make_session: MakeSession) -> None:
    folder = make_session()
    with pytest.raises(HpoError, match="no executor 'slurm' here, only local, ray, replay"):
        start_executor(folder, EngineOptions(executor="slurm"))
    with pytest.raises(HpoError, match="no workload 'mine' here, only paper, own, synthetic"):
        start_executor(folder, EngineOptions(workload="mine"))
    with pytest.raises(SessionError, match="no workload 'mine' here"):
        start_engine(folder, EngineOptions(workload="mine"))
    with pytest.raises(HpoError, match="makes results up"):
        start_executor(folder, EngineOptions(executor="replay"))
