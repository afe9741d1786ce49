"""Any record of a journal may be lost: what follows tells most of it; the rest is missing, never wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hpo_core.interop.export import export
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsQueued,
    Noted,
    ResultAdopted,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.records import encode_record
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.refine.reuse import adopt
from hpo_core.results.measure import Measure, at_last
from hpo_core.results.show_json import show_json
from hpo_core.results.table import table_of
from hpo_core.session.damage import damage_in_words
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import END_LOST, SessionState

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
ENGINE = EngineStarted(host="box", boot_id="b", pid=1, version="0")
KEY = JobKey(1, 1)


def started(trial: int = 1, attempt: int = 1, worker: int = 1) -> AttemptStarted:
    return AttemptStarted(trial=trial, replicate=1, attempt=attempt, seed=5, worker=worker)


def epoch(number: int, trial: int = 1, attempt: int = 1) -> EpochEnded:
    return EpochEnded(trial=trial, replicate=1, attempt=attempt, epoch=number, metrics={"loss": 1 / number})


def ended(trial: int = 1, attempt: int = 1, epochs: int | None = 2) -> AttemptEnded:
    return AttemptEnded(trial=trial, replicate=1, attempt=attempt, status="complete", seconds=1.0, epochs=epochs)


@pytest.fixture
def after(make_spec: Callable[..., SessionSpec]) -> Callable[..., Snapshot]:
    """The session after these events, the n-th with number n; None is a record that is lost."""

    def replay(*events: Event | None) -> Snapshot:
        state = SessionState(make_spec())
        for seq, event in enumerate(events, 1):
            if event is not None:
                state.apply(Envelope(seq, 1, 100.0 + seq, event))
        return state.snapshot()

    return replay


After = Callable[..., Snapshot]


@pytest.mark.parametrize("epochs", [2, None], ids=["now", "an older journal"])
def test_without_its_last_epoch_a_complete_training_has_no_result(after: After, epochs: int | None) -> None:
    snapshot = after(ENGINE, started(), epoch(1), None, ended(epochs=epochs))
    entry = snapshot.replicate(KEY)
    assert (entry.status, entry.missing, [row.number for row in entry.epochs]) == ("complete", (2,), [1])
    assert (entry.last, entry.metric("loss"), entry.result("loss"), entry.best("loss", "min")) == (None,) * 4
    assert snapshot.incomplete == (entry,)


def test_without_an_earlier_epoch_it_has_its_result_and_no_best_one(after: After) -> None:
    entry = after(ENGINE, started(), None, epoch(2), ended()).replicate(KEY)
    assert (entry.missing, entry.result("loss"), entry.best("loss", "min")) == ((1,), 0.5, None)


def test_what_was_read_elsewhere_from_its_last_epoch_on_lacks_nothing(after: After) -> None:
    rows: tuple[dict[str, float | None], ...] = ({"loss": 0.4},)
    adopted = ResultAdopted(
        trial=1, replicate=1, status="complete", origin="a.csv", epochs=rows, last_epoch=3, seconds=1.0
    )
    entry = after(adopted).replicate(KEY)
    assert (entry.missing, entry.result("loss")) == ((), 0.4)


def test_without_its_start_an_attempt_is_known_by_its_epochs(after: After) -> None:
    whole = after(ENGINE, started(), epoch(1), epoch(2), ended()).replicate(KEY)
    entry = after(ENGINE, None, epoch(1), epoch(2), ended()).replicate(KEY)
    assert (entry.status, entry.attempt, entry.epochs) == ("complete", 1, whole.epochs)
    assert entry.seed == SessionState(after().spec).seed_of(KEY)


def test_without_start_and_epochs_an_end_says_how_it_ended_and_no_number(after: After) -> None:
    snapshot = after(ENGINE, None, None, None, ended())
    entry = snapshot.replicate(KEY)
    assert (entry.status, entry.missing, entry.result("loss")) == ("complete", (1, 2), None)
    assert KEY not in snapshot.queue


def test_without_its_end_a_training_with_every_epoch_is_complete_when_the_engine_leaves(after: After) -> None:
    snapshot = after(ENGINE, started(), epoch(1), epoch(2), None, EngineStopped(reason="finished"))
    entry = snapshot.replicate(KEY)
    assert (entry.status, entry.result("loss"), entry.reason, entry.seconds) == ("complete", 0.5, END_LOST, 0.0)
    assert KEY not in snapshot.queue


def test_without_its_end_it_is_complete_as_soon_as_its_worker_has_another(after: After) -> None:
    snapshot = after(ENGINE, started(), epoch(1), epoch(2), None, started(trial=2))
    assert snapshot.replicate(KEY).status == "complete"
    assert snapshot.counts["running"] == 1


def test_interrupted_after_its_last_epoch_it_starts_again_since_no_record_is_lost(after: After) -> None:
    snapshot = after(ENGINE, started(), epoch(1), epoch(2), ENGINE)
    entry = snapshot.replicate(KEY)
    assert (entry.status, entry.epochs, entry.attempt) == ("waiting", (), 1)
    assert snapshot.queue[0] == KEY


def test_without_its_end_and_an_epoch_it_is_trained_again(after: After) -> None:
    snapshot = after(ENGINE, started(), epoch(1), None, None, EngineStopped(reason="stopped"))
    assert snapshot.replicate(KEY).status == "waiting"
    assert snapshot.queue[0] == KEY


def test_a_further_attempt_is_never_added_to_the_one_before(after: After) -> None:
    queued = JobsQueued(jobs=((1, 1),))
    for second in ([queued, started(attempt=2)], [queued, None], [None, started(attempt=2)], [None, None]):
        snapshot = after(ENGINE, started(), epoch(1), epoch(2), ended(), *second, epoch(1, attempt=2))
        entry = snapshot.replicate(KEY)
        assert (entry.status, entry.attempt, [row.number for row in entry.epochs]) == ("running", 2, [1])
        assert KEY not in snapshot.queue
        assert sum(snapshot.counts.values()) == snapshot.trainings


def test_a_record_that_names_what_cannot_be_is_damage(after: After) -> None:
    snapshot = after(
        AttemptStarted(trial=1, replicate=10**9, attempt=1, seed=1, worker=1),
        epoch(10**9),
        ResultAdopted(trial=1, replicate=2, status="complete", origin="x", epochs=({},), last_epoch=10**12),
        JobsQueued(jobs=((1, 10**7), (99, 1))),
        AttemptEnded(trial=2, replicate=-1, attempt=1, status="failed"),
    )
    assert (snapshot.trainings, snapshot.counts["waiting"]) == (8, 8)
    assert snapshot.damage[0] == "record 1: trial 1 r1000000000 cannot be"
    assert len(snapshot.damage) == 6


def test_replicates_are_added_up_to_the_most_trainings_that_a_session_has(after: After) -> None:
    snapshot = after(JobsQueued(jobs=((1, 600_000),)), JobsQueued(jobs=((2, 600_000),)))
    assert snapshot.trainings == 8 + 599_998
    assert len(snapshot.damage) == 1


# Through the files -------------------------------------------------------------------------------------------


def rewrite(folder: SessionFolder, change: Callable[[Envelope], bytes | None]) -> None:
    """Let ``change`` put other bytes in a record's place."""
    journal = folder.path / "journal.jsonl"
    lines = []
    for record in JournalReader(folder.path).poll():
        changed = change(record)
        lines.append(encode_record(record) if changed is None else changed)
    journal.write_bytes(b"".join(lines))


def flipped(line: bytes) -> bytes:
    return line[:40] + bytes([line[40] ^ 1]) + line[41:]


def flip_last_epoch(record: Envelope) -> bytes | None:
    event = record.event
    hit = isinstance(event, EpochEnded) and (event.trial, event.replicate, event.epoch) == (1, 1, 2)
    return flipped(encode_record(record)) if hit else None


def test_one_flipped_bit_in_a_last_epoch_leaves_its_cells_empty_and_is_named(
    make_session: MakeSession, run_engine: RunEngine, tmp_path: Path
) -> None:
    folder = make_session(replicates=2)
    whole = run_engine(folder)
    other = whole.replicate(JobKey(1, 2)).result("val_accuracy")
    rewrite(folder, flip_last_epoch)
    snapshot = read_session(folder)
    table = table_of(snapshot)
    assert table.scores(at_last("val_accuracy")).mean[0] == other, "the other replicate alone"
    best = table.values(Measure("val_accuracy", "max", "best"))
    assert [entry.key for entry, value in zip(table.entries, best, strict=True) if math.isnan(value)] == [KEY]
    assert [entry.replicate for entry in adopt("s", snapshot, snapshot.spec) if entry.trial == 1] == [2]
    shown = show_json("s", snapshot)["trials"][0]["replicates"][0]
    assert (shown["status"], shown["epochs"], shown["metrics"]) == ("complete", 2, {})
    assert "the checksum does not match (lost: trial 1 r1 epoch 2)" in damage_in_words(snapshot)
    export(snapshot, tmp_path / "out")
    header, first, *_ = (tmp_path / "out" / "replicates.csv").read_text().splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert (row["status"], row["last_epoch"]) == ("complete", "2")
    assert all(row[name] == "" for name in snapshot.metrics)


def test_a_journal_from_before_ends_said_how_many_epochs_there_were_is_read_alike(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    whole = run_engine(folder)

    def as_it_was(record: Envelope) -> bytes | None:
        event = record.event
        if not isinstance(event, AttemptEnded):
            return None
        old = msgspec.structs.replace(event, epochs=None, data="")
        return encode_record(msgspec.structs.replace(record, event=old))

    rewrite(folder, as_it_was)
    ends = [r.event for r in JournalReader(folder.path).poll() if isinstance(r.event, AttemptEnded)]
    assert {event.epochs for event in ends} == {None}
    assert read_session(folder).replicates == whole.replicates


def test_an_end_says_how_many_epochs_there_were(make_session: MakeSession, run_engine: RunEngine) -> None:
    folder = make_session()
    run_engine(folder)
    ends = [r.event for r in JournalReader(folder.path).poll() if isinstance(r.event, AttemptEnded)]
    assert {event.epochs for event in ends} == {2}


def test_after_any_record_was_lost_a_session_says_the_same_or_less(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    whole = run_engine(folder)
    records = JournalReader(folder.path).poll()
    for lost in range(len(records)):
        state = SessionState(whole.spec)
        for record in records[:lost] + records[lost + 1 :]:
            state.apply(record)
        seen = state.snapshot()
        for key, entry in whole.replicates.items():
            for metric in whole.metrics:
                assert seen.replicate(key).result(metric) in (entry.result(metric), None)
            if not isinstance(records[lost].event, EpochEnded):
                assert seen.replicate(key).epochs == entry.epochs
        assert seen.counts["complete"] == 8, "no row goes with it"
        assert not isinstance(records[lost].event, Noted)
