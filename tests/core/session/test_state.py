"""What a journal adds up to: nothing counts twice, interrupted trainings start again first, snapshots stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    AttemptStatus,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsMoved,
    JobsQueued,
    QueuePaused,
    QueueResumed,
    ResultAdopted,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState

ENGINE = EngineStarted(host="box", boot_id="b", pid=1, version="0")


def started(trial: int, replicate: int = 1, attempt: int = 1) -> AttemptStarted:
    return AttemptStarted(trial=trial, replicate=replicate, attempt=attempt, seed=5, worker=1)


def epoch(trial: int, number: int, attempt: int = 1, loss: float = 0.5) -> EpochEnded:
    return EpochEnded(trial=trial, replicate=1, attempt=attempt, epoch=number, metrics={"loss": loss})


def ended(trial: int, status: AttemptStatus = "complete", attempt: int = 1) -> AttemptEnded:
    return AttemptEnded(trial=trial, replicate=1, attempt=attempt, status=status, seconds=1.0)


def queued(trial: int, replicate: int) -> JobsQueued:
    return JobsQueued(jobs=((trial, replicate),))


def moved(trial: int, to: Literal["front", "back"]) -> JobsMoved:
    return JobsMoved(jobs=((trial, 1),), to=to)


@pytest.fixture
def state(make_spec: Callable[..., SessionSpec]) -> SessionState:
    return SessionState(make_spec())


def tell(state: SessionState, *events: Event) -> None:
    for event in events:
        state.apply(Envelope(1, 1, 100.0, event))


def test_a_fresh_session_waits_replicate_by_replicate(state: SessionState) -> None:
    keys = [(key.trial, key.replicate) for key in state.waiting()]
    assert keys == [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (2, 2), (3, 2), (4, 2)]
    assert state.snapshot().counts["waiting"] == 8


def test_a_queue_that_many_have_left_stays_in_order(
    make_spec: Callable[..., SessionSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpo_core.session.state.MOST_LEFT", 2)
    state = SessionState(make_spec())
    order = list(state.waiting())
    for number, key in enumerate(order, 1):
        assert state.next_waiting() == key
        tell(state, started(key.trial, key.replicate))
        assert list(state.waiting()) == order[number:]
    assert state.next_waiting() is None


def test_a_training_runs_and_ends(state: SessionState) -> None:
    tell(state, ENGINE, started(2), epoch(2, 1, loss=0.7), epoch(2, 2, loss=0.4))
    running = state.snapshot().replicate(JobKey(2, 1))
    assert (running.status, len(running.epochs), running.result("loss")) == ("running", 2, None)
    tell(state, ended(2))
    result = state.snapshot().replicate(JobKey(2, 1))
    assert (result.status, result.result("loss"), result.seed) == ("complete", 0.4, 5)
    assert JobKey(2, 1) not in state.waiting()


def test_no_epoch_counts_twice_and_none_of_an_older_attempt_counts(state: SessionState) -> None:
    tell(state, ENGINE, started(1), epoch(1, 1), epoch(1, 1, loss=9.0), epoch(1, 2))
    tell(state, EngineStopped(reason="stopped"), ENGINE, started(1, attempt=2), epoch(1, 2, attempt=1))
    assert state.snapshot().replicate(JobKey(1, 1)).epochs == ()
    tell(state, epoch(1, 1, attempt=2, loss=0.3), ended(1, "failed", attempt=1))
    entry = state.snapshot().replicate(JobKey(1, 1))
    assert entry.status == "running"
    assert [row.metrics["loss"] for row in entry.epochs] == [0.3]


def test_what_was_under_way_when_the_engine_went_starts_again_before_all_others(state: SessionState) -> None:
    tell(state, ENGINE, started(1), ended(1), started(2), epoch(2, 1), started(3), ENGINE)
    assert [key.trial for key in state.waiting()][:3] == [2, 3, 4]
    entry = state.snapshot().replicate(JobKey(2, 1))
    assert (entry.status, entry.epochs, entry.reason) == ("waiting", (), "interrupted")
    assert state.attempt_of(JobKey(2, 1)) == 1


def test_a_waiting_job_can_be_taken_out_and_queued_again(state: SessionState) -> None:
    tell(state, ENGINE, ended(3, "stopped", attempt=0))
    assert state.status_of(JobKey(3, 1)) == "stopped"
    assert JobKey(3, 1) not in state.waiting()
    tell(state, JobsQueued(jobs=((3, 1),)))
    assert list(state.waiting())[-1] == JobKey(3, 1)
    assert state.status_of(JobKey(3, 1)) == "waiting"


def test_a_complete_result_is_not_stopped_afterwards(state: SessionState) -> None:
    tell(state, ENGINE, started(1), epoch(1, 1), ended(1), ended(1, "stopped"))
    assert state.status_of(JobKey(1, 1)) == "complete"


def test_jobs_move_to_the_front_in_the_order_given(state: SessionState) -> None:
    tell(state, JobsMoved(jobs=((4, 2), (3, 1)), to="front"), JobsMoved(jobs=((1, 1),), to="back"))
    keys = [(key.trial, key.replicate) for key in state.waiting()]
    assert keys[:2] == [(4, 2), (3, 1)]
    assert keys[-1] == (1, 1)
    assert len(keys) == 8


def test_another_replicate_makes_the_session_longer(state: SessionState) -> None:
    tell(state, JobsQueued(jobs=((2, 3),)))
    snapshot = state.snapshot()
    assert (snapshot.trainings, snapshot.replicate_count(2), snapshot.replicate_count(1)) == (9, 3, 2)
    assert snapshot.counts["waiting"] == 9


def test_jobs_that_do_not_exist_or_wait_already_change_nothing(state: SessionState) -> None:
    before = list(state.waiting())
    tell(state, JobsQueued(jobs=((99, 1), (0, 1), (1, 0), (2, 1))))
    assert list(state.waiting()) == before


def test_an_adopted_result_stands_and_is_not_trained(state: SessionState) -> None:
    rows: tuple[dict[str, float | None], ...] = ({"loss": 0.4}, {"loss": 0.2})
    tell(
        state,
        ResultAdopted(trial=1, replicate=1, status="complete", origin="table.csv", epochs=rows, last_epoch=9),
    )
    entry = state.snapshot().replicate(JobKey(1, 1))
    assert [row.number for row in entry.epochs] == [8, 9]
    assert entry.result("loss") == 0.2
    assert JobKey(1, 1) not in state.waiting()


def test_pausing_and_resuming_are_remembered(state: SessionState) -> None:
    tell(state, QueuePaused(reason="lunch"))
    assert state.paused == "lunch"
    tell(state, QueueResumed())
    assert state.paused is None


def test_a_snapshot_does_not_change_afterwards(state: SessionState) -> None:
    tell(state, ENGINE, started(1))
    before = state.snapshot()
    tell(state, epoch(1, 1), ended(1), started(2))
    assert before.replicate(JobKey(1, 1)).status == "running"
    assert before.counts["running"] == 1
    assert JobKey(2, 1) in before.queue


EVENTS = st.one_of(
    st.builds(started, st.integers(1, 4), st.integers(1, 2), st.integers(1, 2)),
    st.builds(epoch, st.integers(1, 4), st.integers(1, 3), st.integers(1, 2)),
    st.builds(ended, st.integers(1, 4), st.sampled_from(["complete", "failed", "stopped"]), st.integers(1, 2)),
    st.builds(queued, st.integers(0, 5), st.integers(0, 3)),
    st.builds(moved, st.integers(1, 4), st.sampled_from(["front", "back"])),
    st.just(ENGINE),
    st.just(EngineStopped(reason="stopped")),
)


@settings(max_examples=150, deadline=None)
@given(events=st.lists(EVENTS, max_size=30))
def test_whatever_happens_every_training_is_in_one_place_and_its_epochs_rise(events: list[Event]) -> None:
    grid = "learning_rate = [1e-4, 1e-3]\nfilters = [12, 24]"
    spec = SessionSpec.parse(f'[data]\nsource = "fruit"\n[grid]\n{grid}\n[session]\nreplicates = 2\n')
    state = SessionState(spec)
    tell(state, *events)
    snapshot = state.snapshot()
    assert sum(snapshot.counts.values()) == snapshot.trainings
    assert len(set(snapshot.queue)) == len(snapshot.queue)
    for entry in snapshot.replicates.values():
        assert (entry.key in snapshot.queue) == (entry.status == "waiting")
        numbers = [row.number for row in entry.epochs]
        assert numbers == sorted(set(numbers))
