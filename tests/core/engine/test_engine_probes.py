"""Probes before the first trainings: asked once, recorded, in nobody's way, and never a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from hpo_core.engine.prober import PROBING
from hpo_core.engine.supervisor import Limits
from hpo_core.executors.local import LocalExecutor
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import (
    AttemptStarted,
    EngineStopped,
    JobStarted,
    Order,
    PauseQueue,
    Probe,
    ProbeEnded,
    QueuePaused,
    ResumeQueue,
    SetWorkers,
    StopSession,
    WiringProbed,
    WorkerEvent,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.probes import NOT_REPEATABLE, SHARE, Answer
from hpo_core.results.analysis import probes_in_words, session_wiring
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import LiveStatus, read_status
from hpo_core.workloads.synthetic import FAULTS, PACE, WIRING, SyntheticWorkload
from hpo_core.workloads.workload import Reporter, StopSignal

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
Watched = Callable[..., Any]

MANY = 50
"""Replicates, so that the budget is enough for some steps: 200 trainings of 2 epochs of 3 steps."""


def probed(probe: Probe) -> Iterator[WorkerEvent]:
    """Answer as the synthetic workload does."""
    answer = SyntheticWorkload().probe(probe, Reporter(probe.job, lambda event: None), StopSignal())
    yield ProbeEnded(answer=answer, seconds=0.25)


def hung(probe: Probe) -> Iterator[Any]:
    """Say how long an epoch is, and then nothing more."""
    if not probe.steps:
        yield from probed(probe)
        return
    yield JobStarted(trial=0, replicate=0, attempt=0)
    while True:
        yield None


def never(probe: Probe) -> Iterator[WorkerEvent]:
    raise AssertionError(f"asked again: {probe}")


def events(folder: SessionFolder) -> list[Any]:
    return [record.event for record in JournalReader(folder.path).poll()]


def give(folder: SessionFolder, orders: dict[int, Order]) -> Callable[[int], None]:
    """Give an order at each of these turns of the engine."""

    def on_turn(turn: int) -> None:
        if turn in orders:
            send_order(folder.control, orders[turn])

    return on_turn


def test_what_reaches_nothing_is_recorded_before_the_second_training_has_ended(
    make_session: MakeSession, run_engine: RunEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WIRING, "filters=nothing")
    folder = make_session(replicates=MANY)
    snapshot = run_engine(folder, ReplayExecutor(probes=probed))
    told = events(folder)
    (found,) = (event for event in told if isinstance(event, WiringProbed))
    assert [(f.hyperparameter, f.verdict) for f in found.findings] == [
        ("learning_rate", "reaches"),
        ("filters", "nothing"),
    ]
    assert found.seconds == 0.25 * found.probes
    assert found.steps <= SHARE * 200 * 2 * 3
    place = told.index(found)
    assert sum(isinstance(event, AttemptStarted) for event in told[:place]) <= 4, "the other worker has begun"
    (fault,) = session_wiring(snapshot)
    assert str(fault).startswith("filters changes nothing in 6 steps")
    assert probes_in_words(snapshot) == {
        "learning_rate": "reaches the training",
        "filters": "changes nothing in 6 steps",
    }


def test_results_and_counts_are_the_same_with_probes_and_without(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    tables = []
    for name, executor in (("with", ReplayExecutor(probes=probed)), ("without", ReplayExecutor())):
        snapshot = run_engine(make_session(name, replicates=MANY), executor, workers=1)
        assert (snapshot.probed is not None) == (name == "with")
        results = {
            key: msgspec.structs.replace(entry, started=0.0, ended=0.0, worker=None)
            for key, entry in snapshot.replicates.items()
        }
        tables.append((results, dict(snapshot.counts), snapshot.trainings))
    assert tables[0] == tables[1]


def test_a_session_is_probed_once(make_session: MakeSession, run_engine: RunEngine, watched: Watched) -> None:
    folder = make_session(replicates=MANY)
    first = run_engine(folder, watched(give(folder, {40: StopSession()}), probes=probed))
    assert first.stopped == EngineStopped(reason="stopped")
    assert first.probed is not None
    again = run_engine(folder, ReplayExecutor(probes=never))
    assert again.finished
    assert again.probed == first.probed


def test_an_engine_that_is_killed_over_a_probe_leaves_nothing_and_the_next_one_asks_anew(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)

    def die(turn: int) -> None:
        if turn == 5:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_engine(folder, watched(die, probes=probed))
    assert read_session(folder).probed is None
    snapshot = run_engine(folder, ReplayExecutor(probes=probed))
    assert snapshot.finished
    assert snapshot.probed is not None


def test_a_stop_ends_a_probe_at_once_and_nothing_is_recorded_of_it(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)
    executor = watched(give(folder, {8: StopSession()}), probes=hung)
    snapshot = run_engine(folder, executor, workers=1)
    assert executor.turn < 12
    assert (snapshot.probed, snapshot.stopped) == (None, EngineStopped(reason="stopped"))
    assert snapshot.counts["waiting"] == 200


def test_no_probe_is_asked_for_while_the_queue_is_paused(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)
    asked: list[int] = []

    def probing(probe: Probe) -> Iterator[WorkerEvent]:
        asked.append(executor.turn)
        yield from probed(probe)

    executor = watched(give(folder, {3: PauseQueue(), 30: ResumeQueue()}), probes=probing)
    snapshot = run_engine(folder, executor, workers=1)
    assert snapshot.probed is not None
    assert not [turn for turn in asked if 6 < turn < 29]
    assert any(isinstance(event, QueuePaused) for event in events(folder))


def test_a_probe_that_hangs_is_ended_and_cannot_be_told_and_the_session_goes_on(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)
    executor = watched(lambda turn: None, probes=hung)
    snapshot = run_engine(folder, executor, limits=Limits(probe=5.0), workers=1)
    assert snapshot.finished
    assert snapshot.counts["complete"] == 200
    assert snapshot.probed is not None
    assert {(f.verdict, f.reason) for f in snapshot.probed.findings} == {("untold", "no progress for 5 s")}


def test_a_probe_that_kills_its_worker_cannot_be_told_and_the_session_goes_on(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    def deadly(probe: Probe) -> Iterator[Any]:
        if not probe.steps:
            yield from probed(probe)
            return
        executor.kill(1)
        while True:
            yield None

    executor = ReplayExecutor(probes=deadly)
    snapshot = run_engine(make_session(replicates=MANY), executor, workers=1)
    assert snapshot.counts["complete"] == 200
    assert snapshot.probed is not None
    assert {f.verdict for f in snapshot.probed.findings} == {"untold"}
    assert "SIGKILL" in snapshot.probed.findings[0].reason
    (said,) = map(str, session_wiring(snapshot))
    assert said.startswith("Whether learning_rate and filters reach the training cannot be told: killed (SIGKILL)")


@pytest.mark.parametrize(
    ("fault", "why"),
    [("error", "ValueError: a fault was asked for"), ("kill", "SIGKILL"), ("hang", "no progress for 3 s")],
)
def test_whatever_a_real_worker_suffers_from_a_probe_the_session_goes_on(
    make_session: MakeSession, run_engine: RunEngine, fault: str, why: str
) -> None:
    folder = make_session(replicates=MANY)
    environment = {PACE: "0.001", FAULTS: f"0={fault}"}
    executor = LocalExecutor(folder.logs, workload="synthetic", environment=environment)
    limits = Limits(first_progress=3.0, no_progress=3.0, probe=3.0) if fault == "hang" else Limits()
    snapshot = run_engine(folder, executor, limits=limits)
    assert snapshot.counts["complete"] == 200
    assert snapshot.probed is not None
    assert {finding.verdict for finding in snapshot.probed.findings} == {"untold"}
    assert why in snapshot.probed.findings[0].reason
    assert folder.probes_log.is_file()


def test_what_no_seed_repeats_cannot_be_told(
    make_session: MakeSession, run_engine: RunEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WIRING, "filters=random")
    snapshot = run_engine(make_session(replicates=MANY), ReplayExecutor(probes=probed))
    assert set(probes_in_words(snapshot).values()) == {f"cannot be told: {NOT_REPEATABLE}"}


def test_a_session_too_small_for_a_step_is_not_probed(make_session: MakeSession, run_engine: RunEngine) -> None:
    steps: list[int] = []

    def counting(probe: Probe) -> Iterator[WorkerEvent]:
        steps.append(probe.steps)
        yield from probed(probe)

    snapshot = run_engine(make_session(), ReplayExecutor(probes=counting))
    assert steps == [0]
    assert snapshot.probed is None
    assert set(probes_in_words(snapshot).values()) == {"not probed"}


def test_a_session_with_nothing_left_to_train_is_not_probed(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session(replicates=MANY)
    run_engine(folder)
    assert run_engine(folder, ReplayExecutor(probes=never)).finished


def test_the_status_says_that_it_is_probing_and_shows_no_training(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)
    seen: list[LiveStatus] = []

    def on_turn(turn: int) -> None:
        live = read_status(folder.status)
        if live is not None:
            seen.append(live)
        if turn == 60:
            send_order(folder.control, StopSession())

    run_engine(folder, watched(on_turn, probes=hung), workers=1)
    assert PROBING in {live.message for live in seen}
    assert all(live.running == () for live in seen)


def test_a_worker_that_leaves_amid_the_probes_is_followed_by_another(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=MANY)
    asked: list[int] = []

    def on_turn(turn: int) -> None:
        if turn == 4:
            send_order(folder.control, SetWorkers(count=1))
        if turn == 8:
            start(1)

    def by_whom(probe: Probe) -> Iterator[Any]:
        asked.append(executor.turn)
        yield None
        yield None
        yield from probed(probe)

    executor = watched(on_turn, probes=by_whom)
    start = executor.start_worker
    executor.start_worker = lambda worker: start(worker) if worker == 2 else None  # the first one takes its time
    snapshot = run_engine(folder, executor)
    assert asked[0] < 4, "the second worker was asked first"
    assert len(asked) == 1 + 5, "the first one was asked everything anew"
    assert snapshot.probed is not None
    assert {finding.verdict for finding in snapshot.probed.findings} == {"reaches"}


def test_what_a_workload_declines_is_not_probed(make_session: MakeSession, run_engine: RunEngine) -> None:
    def declining(probe: Probe) -> Iterator[WorkerEvent]:
        yield ProbeEnded(answer=Answer(), seconds=0.0)

    assert run_engine(make_session(replicates=MANY), ReplayExecutor(probes=declining)).probed is None
