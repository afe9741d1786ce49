"""An engine's life, told without processes: to the end, paused, stopped, ordered about, taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.errors import SessionError, SessionLocked
from hpo_core.executors.replay import ReplayExecutor, recorded, synthetic
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineOptions,
    EngineStarted,
    EngineStopped,
    EpochEnded,
    Job,
    MoveJobs,
    Order,
    PauseQueue,
    QueueJobs,
    ResumeQueue,
    SetWorkers,
    StopJob,
    StopSession,
    WorkerEvent,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.grid import JobKey
from hpo_core.results.analysis import analyse_session, results_of
from hpo_core.results.measure import measure_of
from hpo_core.session.control import send_order
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import read_status
from hpo_core.workloads.synthetic import synthetic_curve

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
Watched = Callable[..., Any]


def events(folder: SessionFolder) -> list[Any]:
    return [record.event for record in JournalReader(folder.path).poll()]


def starts(folder: SessionFolder) -> list[tuple[int, int, int]]:
    return [(e.trial, e.replicate, e.attempt) for e in events(folder) if isinstance(e, AttemptStarted)]


def give(folder: SessionFolder, orders: dict[int, Order]) -> Callable[[int], None]:
    """Give an order at each of these turns of the engine."""

    def on_turn(turn: int) -> None:
        if turn in orders:
            send_order(folder.control, orders[turn])

    return on_turn


def test_a_session_is_worked_off_to_its_end(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    snapshot = run_engine(folder)
    assert snapshot.counts["complete"] == 8
    assert snapshot.stopped == EngineStopped(reason="finished")
    spec = snapshot.spec
    for key, entry in snapshot.replicates.items():
        curve = synthetic_curve(spec.values_of(key.trial), entry.seed or 0, 2, 4)
        assert [dict(epoch.metrics) for epoch in entry.epochs] == curve
        assert entry.attempt == 1
    live = read_status(folder.status)
    assert live is not None
    assert (live.running, live.ready) == ((), 0)


def test_the_journal_tells_each_training_in_order(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    run_engine(folder)
    told = events(folder)
    assert isinstance(told[0], EngineStarted)
    assert isinstance(told[-1], EngineStopped)
    mine = [e for e in told if (getattr(e, "trial", 0), getattr(e, "replicate", 0)) == (3, 2)]
    assert [type(event) for event in mine] == [AttemptStarted, EpochEnded, EpochEnded, AttemptEnded]


def test_every_training_has_a_seed_of_its_own(make_session: MakeSession, run_engine: RunEngine) -> None:
    snapshot = run_engine(make_session())
    assert len({entry.seed for entry in snapshot.replicates.values()}) == 8
    assert not results_of(snapshot).blocked


@pytest.mark.parametrize("recorded_before", [False, True])
def test_every_trial_of_a_replicate_shares_its_seed_where_that_is_asked_or_was_always_so(
    make_session: MakeSession, run_engine: RunEngine, recorded_before: bool
) -> None:
    folder = make_session()
    told = folder.spec.read_text()
    now = "" if recorded_before else 'seeds = "shared"'
    folder.spec.write_text(told.replace('seeds = "own"', now))
    snapshot = run_engine(folder)
    assert results_of(snapshot).blocked
    assert analyse_session(snapshot, measure_of(snapshot)).block is not None
    seeds = {n: {entry.seed for key, entry in snapshot.replicates.items() if key.replicate == n} for n in (1, 2)}
    assert [len(block) for block in seeds.values()] == [1, 1]
    assert seeds[1] != seeds[2]


def test_a_finished_session_is_left_at_once(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    run_engine(folder)
    again = run_engine(folder)
    assert again.stopped == EngineStopped(reason="finished")
    assert len(starts(folder)) == 8


def test_recorded_results_replay_to_the_same_results(make_session: MakeSession, run_engine: RunEngine) -> None:
    original = run_engine(make_session("original"))
    copy = run_engine(make_session("copy"), ReplayExecutor(recorded(original)))
    assert {k: v.epochs for k, v in copy.replicates.items()} == {
        k: v.epochs for k, v in original.replicates.items()
    }


def test_a_paused_queue_finishes_what_runs_and_waits_for_the_order_to_go_on(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    seen: list[tuple[int, str]] = []

    def on_turn(turn: int) -> None:
        live = read_status(folder.status)
        if turn == 3:
            send_order(folder.control, PauseQueue())
        elif live is not None and live.message and not live.running:
            seen.append((len(starts(folder)), live.message))
            send_order(folder.control, ResumeQueue())

    snapshot = run_engine(folder, watched(on_turn, slow))
    assert seen[0] == (2, "paused by the user")
    assert snapshot.paused is None
    assert snapshot.counts["complete"] == 8


def slow(job: Job) -> Iterator[WorkerEvent]:
    """The synthetic curve after forty turns in which nothing is to be told."""
    for _ in range(40):
        yield None  # type: ignore[misc]
    yield from synthetic(job)


def test_stop_now_puts_what_runs_back_into_the_queue_and_a_new_engine_finishes(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    stopped = run_engine(folder, watched(give(folder, {60: StopSession(now=True)}), slow))
    assert stopped.stopped == EngineStopped(reason="stopped")
    assert stopped.counts["running"] == stopped.counts["stopped"] == 0
    assert stopped.counts["waiting"] + stopped.counts["complete"] == 8
    interrupted = stopped.queue[0]
    finished = run_engine(folder)
    assert finished.counts["complete"] == 8
    assert finished.replicate(interrupted).attempt == 2


def test_stop_after_this_training_lets_it_end_and_starts_no_other(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    snapshot = run_engine(folder, watched(give(folder, {3: StopSession(now=False)}), slow))
    assert snapshot.stopped == EngineStopped(reason="stopped")
    assert (snapshot.counts["complete"], snapshot.counts["waiting"]) == (2, 6)


def test_one_running_training_is_stopped_and_the_queue_goes_on(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    snapshot = run_engine(folder, watched(give(folder, {3: StopJob(trial=1, replicate=1)}), slow))
    entry = snapshot.replicate(JobKey(1, 1))
    assert (entry.status, entry.reason) == ("stopped", "stopped by the user")
    assert snapshot.counts["complete"] == 7


def test_a_training_stopped_after_its_epoch_keeps_that_epoch(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(epochs=5)
    order = StopJob(trial=1, replicate=1, after_epoch=True)
    entry = run_engine(folder, watched(give(folder, {3: order}), slow)).replicate(JobKey(1, 1))
    assert (entry.status, len(entry.epochs)) == ("stopped", 1)


def test_a_waiting_job_is_taken_out_of_the_queue(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    snapshot = run_engine(folder, watched(give(folder, {3: StopJob(trial=4, replicate=2)}), slow))
    entry = snapshot.replicate(JobKey(4, 2))
    assert (entry.status, entry.reason) == ("stopped", "taken out of the queue by the user")
    assert (4, 2) not in [(trial, replicate) for trial, replicate, _ in starts(folder)]


def test_jobs_are_queued_again_and_more_replicates_follow_on_those_there_are(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=1)
    order = QueueJobs(jobs=((2, 2), (2, 3), (3, 5), (99, 1)))
    snapshot = run_engine(folder, watched(give(folder, {3: order}), slow))
    assert [entry.status for entry in snapshot.replicates_of(2)] == ["complete"] * 3
    assert snapshot.replicate_count(3) == 1
    notes = [note.text for note in snapshot.notes]
    assert any("trial 3 r5 cannot be queued" in text for text in notes)
    assert any("trial 99 r1 cannot be queued" in text for text in notes)


def test_a_job_moved_to_the_front_is_trained_next(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()
    run_engine(folder, watched(give(folder, {3: MoveJobs(jobs=((4, 2),), to="front")}), slow), workers=1)
    assert [start[:2] for start in starts(folder)][:2] == [(1, 1), (4, 2)]


def test_the_number_of_workers_changes_while_they_work(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=3)
    executor = watched(
        give(folder, {3: SetWorkers(count=3), 90: SetWorkers(count=1), 91: SetWorkers(count=0)}), slow
    )
    snapshot = run_engine(folder, executor, workers=1)
    assert {worker for worker, _ in executor.submitted} == {1, 2, 3}
    assert executor.submitted[-1][0] == 1
    assert snapshot.counts["complete"] == 12
    assert any("0 workers are not possible" in note.text for note in snapshot.notes)


def test_orders_meant_for_an_engine_that_is_gone_are_not_obeyed(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    send_order(folder.control, StopSession())
    assert run_engine(folder).counts["complete"] == 8


def test_an_order_that_cannot_be_read_is_noted_and_the_work_goes_on(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session()

    def on_turn(turn: int) -> None:
        if turn == 2:
            (folder.control / "0-\x1b[31m.json").write_text("{", encoding="utf-8")

    snapshot = run_engine(folder, watched(on_turn, slow))
    assert any("␛[31m" in note.text for note in snapshot.notes)
    assert snapshot.counts["complete"] == 8


def test_of_two_engines_the_second_learns_who_is_at_work(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    first = Engine(folder, ReplayExecutor(), EngineOptions(workers=1))
    with pytest.raises(SessionLocked, match="Another engine works on this session: host"):
        Engine(folder, ReplayExecutor())
    first.run()
    assert not folder.engine_runs()


@pytest.mark.fault(11)
def test_an_engine_that_died_is_taken_over_with_a_note(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    engine = Engine(folder, ReplayExecutor(slow), EngineOptions(workers=2))
    for _ in range(5):
        engine._turn()
    holder = folder.lock.read_bytes()
    engine._recorder.close()
    engine._lock.release()
    folder.lock.write_bytes(holder)  # as after kill -9: nothing recorded, the file still names the dead
    with (folder.path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"seq":99,"gen":1,"ti')
    snapshot = run_engine(folder)
    notes = [note.text for note in snapshot.notes]
    assert any(text.startswith("Taken over from an engine that is gone: host ") for text in notes)
    assert any("2 trainings to be started again" in text for text in notes)
    assert "1 partial record (21 bytes) at the journal's end was set aside in damaged/." in notes
    assert snapshot.counts["complete"] == 8
    assert snapshot.damage == ()


@pytest.mark.fault(33)
def test_images_that_changed_since_are_said_once_and_recorded(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    run_engine(folder, ReplayExecutor(with_data("before")))
    snapshot = run_engine(make_session("other"), ReplayExecutor(with_data("before")))
    assert snapshot.notes == ()
    assert snapshot.data is not None
    again = run_engine(requeued(folder), ReplayExecutor(with_data("after")))
    assert [note.text for note in again.notes if note.level == "warning"] == [
        "The data have changed; results from here on are of the new ones."
    ]
    assert again.data is not None
    assert again.data.fingerprint == "after"


def requeued(folder: SessionFolder) -> SessionFolder:
    """A session of which one training waits again."""
    engine = Engine(folder, ReplayExecutor())
    send_order(folder.control, QueueJobs(jobs=((1, 1),)))
    engine.stop(now=False)
    engine._obey_orders()
    engine.run()
    return folder


def with_data(fingerprint: str) -> Callable[[Job], Iterator[WorkerEvent]]:
    def script(job: Job) -> Iterator[WorkerEvent]:
        yield DataPrepared(
            fingerprint=fingerprint, train=4, validation=2, classes=("a", "b"), image_size=(8, 8), seconds=0.0
        )
        yield from synthetic(job)

    return script


def test_an_imported_session_has_nothing_to_train(make_session: MakeSession) -> None:
    folder = make_session()
    text = '[data]\nsource = "import"\n[grid]\nfilters = [1, 2]\n[session]\nobjective = "accuracy"\n'
    folder.spec.write_text(text, encoding="utf-8")
    with pytest.raises(SessionError, match="nothing to train"):
        Engine(folder, ReplayExecutor())
    assert not folder.engine_runs()
