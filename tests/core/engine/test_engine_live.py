"""The live status: true, bounded in rate, and with a heartbeat while nothing changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from hpo_core.executors.replay import synthetic
from hpo_core.journal.events import DataPrepared, Job, JobStarted, Progress, WorkerEvent
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import LiveStatus, read_status

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
Watched = Callable[..., Any]


def told(job: Job) -> Iterator[WorkerEvent]:
    """A training that prepares, trains and validates under our eyes."""

    def progress(phase: Any, epoch: int, batch: int, **metrics: float) -> Progress:
        return Progress(
            trial=job.trial,
            replicate=job.replicate,
            epoch=epoch,
            epochs=2,
            batch=batch,
            batches=10,
            phase=phase,
            metrics=metrics,
        )

    quiet: list[Any] = [None, None]
    ready = DataPrepared(
        fingerprint="f", train=9, validation=3, classes=("a", "b"), image_size=(4, 4), seconds=1.0
    )
    started = JobStarted(trial=job.trial, replicate=job.replicate, attempt=job.attempt)
    steps: list[Any] = [*quiet, progress("prepare", 1, 3), *quiet, ready, started, *quiet]
    steps += [progress("train", 1, 5, accuracy=0.25), *quiet, progress("validate", 1, 5), *quiet]
    yield from steps
    for event in synthetic(job):
        if not isinstance(event, JobStarted):
            yield event
            yield from quiet


def test_the_status_shows_where_a_training_is(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(rates=(1e-3,), filters=(12,), replicates=1)
    seen: list[LiveStatus] = []

    def on_turn(turn: int) -> None:
        del turn
        live = read_status(folder.status)
        if live is not None and live.running and (not seen or seen[-1].running != live.running):
            seen.append(live)

    run_engine(folder, watched(on_turn, told), workers=1)
    jobs = [job for live in seen for job in live.running]
    places = [place for place, _ in itertools.groupby((job.phase, job.epoch, job.batch) for job in jobs)]
    assert places == [
        ("start", 1, 0),
        ("prepare", 1, 3),
        ("train", 1, 0),
        ("train", 1, 5),
        ("validate", 1, 5),
        ("train", 2, 0),
        ("validate", 2, 0),
    ]
    done = [job.done for job in jobs if job.phase != "prepare"]
    assert done == sorted(done), "the bar never goes back"
    halfway = next(job for job in jobs if job.batch == 5)
    assert halfway.metrics == {"accuracy": 0.25}
    assert next(job for job in jobs if job.epoch == 2).eta is not None
    assert all(live.workers == live.ready == 1 for live in seen)


def test_the_status_is_written_four_times_a_second_at_most_and_every_two_seconds_at_least(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(rates=(1e-3,), filters=(12,), replicates=1)
    times: list[float] = []

    def on_turn(turn: int) -> None:
        del turn
        live = read_status(folder.status)
        if live is not None and (not times or live.time != times[-1]):
            times.append(live.time)

    def silent(job: Job) -> Iterator[WorkerEvent]:
        for _ in range(100):
            yield None  # type: ignore[misc]
        yield from synthetic(job)

    run_engine(folder, watched(on_turn, silent), workers=1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= 0.25
    assert max(gaps) < 2.4
    assert len(times) < 20, "nothing changed in eleven seconds"
