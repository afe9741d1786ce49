"""A person steers a training from the command line: pause, resume, stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from taken_orders import take_orders

from hpo_core.journal.events import (
    EngineOptions,
    Order,
    PauseQueue,
    QueuePaused,
    ResultAdopted,
    ResumeQueue,
    StopSession,
)
from hpo_core.journal.lock import SessionLock
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli
from hpo_tui.commands import steer as orders

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def at_work(make_session: MakeSession) -> Iterator[SessionFolder]:
    """A session that some engine holds."""
    folder = make_session("grid", done=3)
    with SessionLock(folder.lock):
        yield folder


def orders_of(folder: SessionFolder) -> list[Order]:
    return take_orders(folder.control)[0]


def test_pause_and_resume_are_orders_to_the_engine_that_works(at_work: SessionFolder) -> None:
    assert call("pause", "grid").stdout == (
        "grid: no further training is started; 'hpo-tui resume grid' goes on.\n"
    )
    assert call("resume", "grid").stdout == "grid: the queue goes on.\n"
    assert orders_of(at_work) == [PauseQueue(), ResumeQueue()]


def test_stop_waits_until_the_engine_has_left(make_session: MakeSession) -> None:
    folder = make_session("grid", done=3)
    lock = SessionLock(folder.lock)
    lock.acquire()
    obeyed: list[Order] = []

    def engine() -> None:
        end = time.monotonic() + 60
        while not obeyed and time.monotonic() < end:
            obeyed.extend(orders_of(folder))
        lock.release()

    thread = threading.Thread(target=engine)
    thread.start()
    result = call("stop", "grid")
    thread.join()
    assert result.stdout == "grid: stopped; 'hpo-tui resume grid' goes on.\n"
    assert obeyed == [StopSession(now=True)]


def test_stop_can_let_the_running_trainings_end(at_work: SessionFolder) -> None:
    assert "when the trainings under way have ended" in call("stop", "grid", "--after-running").stdout
    assert orders_of(at_work) == [StopSession(now=False)]


def test_an_engine_that_does_not_stop_is_status_1(at_work: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "STOP_SECONDS", 0.1)
    result = call("stop", "grid")
    assert result.exit_code == 1
    assert "still is at work" in result.stderr


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_there_is_nothing_to_steer_where_nothing_trains(make_session: MakeSession, verb: str) -> None:
    folder = make_session("grid", done=3)
    result = call(verb, "grid")
    assert result.exit_code == 2
    assert result.stderr == "hpo-tui: Nothing trains in 'grid'; 'hpo-tui resume grid' would start it.\n"
    assert orders_of(folder) == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What engines were started with, in place of starting them."""
    calls: list[dict[str, Any]] = []

    def start(folder: SessionFolder, options: EngineOptions, **how: Any) -> int:
        calls.append({"session": folder.name, "options": options, **how})
        return 1

    monkeypatch.setattr("hpo_core.engine.launch.start_engine", start)
    return calls


def test_resume_starts_an_engine_where_none_runs(make_session: MakeSession, started: list[dict[str, Any]]) -> None:
    folder = make_session("grid", done=3, extra=(QueuePaused(reason="5 failures in a row"),))
    result = call("resume", "grid", "--workers", "2", "--take-over")
    assert result.stdout == "grid: 21 trainings to go, in the background.\n"
    assert started == [{"session": "grid", "options": EngineOptions(workers=2), "take_over": True}]
    assert orders_of(folder) == [ResumeQueue()]


@pytest.mark.parametrize("spelling", [("--workload", "synthetic"), ("--trainer", "synthetic")])
def test_resume_starts_the_workload_that_is_asked_for_in_its_old_spelling_too(
    make_session: MakeSession, started: list[dict[str, Any]], spelling: tuple[str, str]
) -> None:
    make_session("grid", done=3)
    assert call("resume", "grid", *spelling).exit_code == 0
    assert call("resume", "grid", "--trainer", "tensorflow", "--executor", "local").exit_code == 0
    assert [entry["options"].workload for entry in started] == ["synthetic", "paper"]
    assert "--trainer" not in call("resume", "--help").stdout


def test_resume_says_where_nothing_is_left_to_do(
    make_session: MakeSession, started: list[dict[str, Any]], tmp_path: Path
) -> None:
    make_session("grid")
    assert call("resume", "grid").stdout == "grid: nothing is left to train.\n"
    table = tmp_path / "table.csv"
    table.write_text("filters,accuracy\n2,0.5\n4,0.7\n")
    call("import", str(table), "--name", "imported")
    result = call("resume", "imported")
    assert result.exit_code == 2
    assert "was imported; it has results, and nothing to train on" in result.stderr
    assert started == []


def test_resume_goes_on_with_results_that_were_adopted(
    make_session: MakeSession, started: list[dict[str, Any]]
) -> None:
    adopted = ResultAdopted(trial=12, replicate=2, status="complete", origin="elsewhere")
    make_session("grid", done=3, extra=(adopted,))
    assert call("resume", "grid").stdout == "grid: 20 trainings to go, in the background.\n"
    assert len(started) == 1
