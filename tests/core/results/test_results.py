"""Results: what a trial's score is, in rows, in arrays, in JSON and in frames, and that they agree."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import numpy as np
import pytest

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsQueued,
    QueuePaused,
    ResultAdopted,
)
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter, JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import Measure, at_last
from hpo_core.results.show_json import show_json
from hpo_core.results.table import Scores, best_first, means, table_of, trial_statuses
from hpo_core.results.tidy import epochs_table, replicates_table, trials_table
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import STATUSES, Snapshot, Status, session_status
from hpo_core.session.state import SessionState

GRID = Grid((Hyperparameter("learning_rate", (0.001, 0.01)), Hyperparameter("loss", ("poisson", "mse"))))
SPEC = SessionSpec(DataSpec("fruit"), GRID, {"epochs": 2}, replicates=2)
ENGINE = EngineStarted(host="h", boot_id="b", pid=1, version="1")


def replay(events: Iterable[Event], spec: SessionSpec = SPEC) -> Snapshot:
    state = SessionState(spec)
    for seq, event in enumerate(events, 1):
        state.apply(Envelope(seq, 1, 100.0 + seq, event))
    return state.snapshot()


def training(trial: int, replicate: int, scores: list[float | None], status: str = "complete") -> list[Event]:
    started = AttemptStarted(trial=trial, replicate=replicate, attempt=1, seed=7, worker=1)
    epochs = [
        EpochEnded(
            trial=trial,
            replicate=replicate,
            attempt=1,
            epoch=epoch,
            metrics={"loss": 1.0 / epoch, "val_accuracy": score},
            seconds=0.5,
        )
        for epoch, score in enumerate(scores, 1)
    ]
    if status == "running":
        return [started, *epochs]
    ended = AttemptEnded(trial=trial, replicate=replicate, attempt=1, status=status, seconds=1.5)  # type: ignore[arg-type]
    return [started, *epochs, ended]


@pytest.fixture
def half_way() -> Snapshot:
    """Trial 1 is done, trial 2 lost one replicate, trial 3 runs, trial 4 waits."""
    return replay(
        [
            ENGINE,
            *training(1, 1, [0.5, 0.8]),
            *training(1, 2, [0.5, 0.9]),
            *training(2, 1, [0.6, 0.7]),
            *training(2, 2, [0.1], "failed"),
            *training(3, 1, [0.99], "running"),
        ]
    )


def test_a_score_is_the_mean_of_the_complete_replicates_at_their_last_epoch(half_way: Snapshot) -> None:
    scores = table_of(half_way).scores(at_last("val_accuracy"))
    assert scores.mean == pytest.approx([0.85, 0.7, math.nan, math.nan], nan_ok=True)
    assert scores.sd == pytest.approx([math.sqrt(0.005), math.nan, math.nan, math.nan], nan_ok=True)
    assert scores.n.tolist() == [2, 1, 0, 0]
    assert math.isnan(table_of(half_way).scores(at_last("loss")).mean[3])


def test_one_bad_replicate_does_not_void_its_trial(half_way: Snapshot) -> None:
    table = table_of(half_way)
    assert (table.statuses[1], table.count("complete")[1], table.failed[1]) == ("complete", 1, 1)


def test_a_trial_has_the_status_of_its_replicates_taken_together(half_way: Snapshot) -> None:
    assert table_of(half_way).statuses == ["complete", "complete", "running", "waiting"]
    cases: list[tuple[tuple[Status, ...], Status]] = [
        (("complete", "waiting"), "waiting"),
        (("running", "waiting", "failed"), "running"),
        (("failed", "diverged"), "failed"),
        (("diverged", "stopped"), "diverged"),
        (("stopped", "stopped"), "stopped"),
        (("failed", "complete"), "complete"),
    ]
    for statuses, expected in cases:
        assert trial_statuses(np.array([[statuses.count(status) for status in STATUSES]])) == [expected]


def test_the_ranking_puts_the_best_first_and_trials_without_a_score_last(half_way: Snapshot) -> None:
    scores = table_of(half_way).scores(at_last("val_accuracy")).mean
    assert best_first(scores, "max").tolist() == [0, 1, 2, 3]
    assert best_first(scores, "min").tolist() == [1, 0, 2, 3]
    assert best_first(np.array([0.5, math.nan, 0.5, 0.5]), "max").tolist() == [0, 2, 3, 1]


def test_a_metric_that_was_not_a_number_does_not_enter_the_mean() -> None:
    snapshot = replay([*training(1, 1, [0.5, None]), *training(1, 2, [0.5, 0.6])])
    accuracy, loss = (table_of(snapshot).scores(at_last(name)) for name in ("val_accuracy", "loss"))
    assert (accuracy.mean[0], accuracy.n[0], loss.mean[0], loss.n[0]) == (0.6, 1, 0.5, 2)
    assert math.isnan(accuracy.sd[0])


def one(*numbers: float) -> tuple[float, float]:
    """Return the mean and the sd of one group of numbers, in the middle of two that have none."""
    found: Scores = means(np.ones(len(numbers), np.int64), np.array(numbers, float), 3)
    assert found.n.tolist() == [0, len(numbers), 0]
    assert np.isnan(found.mean[[0, 2]]).all()
    return float(found.mean[1]), float(found.sd[1])


def test_the_standard_deviation_is_the_sample_s() -> None:
    assert one() == pytest.approx((math.nan, math.nan), nan_ok=True)
    assert one(3.0) == pytest.approx((3.0, math.nan), nan_ok=True)
    assert one(1.0, 2.0, 4.0) == pytest.approx((7 / 3, np.std([1, 2, 4], ddof=1)))


def test_a_mean_is_rounded_once_whatever_the_order() -> None:
    numbers = [1e16, 1.0, -1e16, 1.0, 0.1, 0.2, 0.3]
    assert one(*numbers)[0] == one(*sorted(numbers))[0] == math.fsum(numbers) / len(numbers)


def test_every_replicate_is_counted_in_its_trial_s_row(half_way: Snapshot) -> None:
    table = table_of(half_way)
    for trial in GRID.trials():
        statuses = [entry.status for entry in half_way.replicates_of(trial.number)]
        assert table.counts[trial.number - 1].tolist() == [statuses.count(status) for status in STATUSES]
    assert GRID.codes.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_the_table_is_made_once_for_each_snapshot(half_way: Snapshot) -> None:
    assert table_of(half_way) is table_of(half_way)
    again = replay([*training(1, 1, [0.5])])
    assert table_of(again) is not table_of(half_way)
    best, last = (table_of(half_way).values(Measure("loss", "max", which)) for which in ("best", "last"))
    assert (best.tolist(), last.tolist()) == ([1.0] * 5, [0.5, 0.5, 0.5, 1.0, 1.0])


def test_a_training_left_out_counts_for_nothing_and_keeps_its_value(half_way: Snapshot) -> None:
    measure = at_last("val_accuracy").without([JobKey(1, 2), JobKey(9, 9)])
    table = table_of(half_way)
    assert table.scores(measure).mean[:2].tolist() == [0.8, 0.7]
    assert table.values(measure).tolist() == [0.8, 0.9, 0.7, 0.1, 0.99]
    assert table.counted(measure).tolist() == [True, False, True, False, False]


def test_the_trim_decides_what_is_in_view(half_way: Snapshot) -> None:
    trim = Trim().hide("loss", "mse")
    assert in_view(half_way, trim).tolist() == [True, False, True, False]
    assert in_view(half_way, trim.filtered("trial>1")).tolist() == [False, False, True, False]
    assert in_view(half_way, trim.undo()).all()


def test_an_added_replicate_counts(half_way: Snapshot) -> None:
    snapshot = replay([*training(1, 1, [0.5]), JobsQueued(jobs=((1, 3),))])
    assert table_of(snapshot).counts[0].tolist() == [2, 0, 1, 0, 0, 0, 0]


def test_show_json_is_the_object_that_scripts_rely_on(half_way: Snapshot) -> None:
    shown = json.loads(json.dumps(show_json("grid", half_way), allow_nan=False))
    assert list(shown) == ["session", "status", "objective", "direction", "counts", "paused", "trials"]
    assert (shown["session"], shown["status"], shown["objective"]) == ("grid", "training", "val_accuracy")
    assert shown["counts"] == {
        "waiting": 3, "running": 1, "complete": 3, "diverged": 0, "pruned": 0, "failed": 1, "stopped": 0,
    }  # fmt: skip
    assert shown["trials"][1] == {
        "trial": 2,
        "values": {"learning_rate": 0.001, "loss": "mse"},
        "status": "complete",
        "replicates": [
            {
                "replicate": 1,
                "attempt": 1,
                "seed": 7,
                "status": "complete",
                "epochs": 2,
                "metrics": {"loss": 0.5, "val_accuracy": 0.7},
            },
            {
                "replicate": 2,
                "attempt": 1,
                "seed": 7,
                "status": "failed",
                "epochs": 1,
                "metrics": {"loss": 1.0, "val_accuracy": 0.1},
            },
        ],
        "mean": {"val_accuracy": 0.7, "loss": 0.5},
        "sd": {"val_accuracy": None, "loss": None},
    }
    waiting = shown["trials"][3]["replicates"][0]
    assert waiting == {
        "replicate": 1, "attempt": 0, "seed": None, "status": "waiting", "epochs": 0, "metrics": {},
    }  # fmt: skip


def test_the_session_s_status_is_in_plain_words(half_way: Snapshot) -> None:
    assert session_status(half_way) == "training"
    assert session_status(half_way, engine_runs=False) == "engine gone"
    assert session_status(replay([])) == "not started"
    assert session_status(replay([ENGINE, QueuePaused(reason="disk full")]), engine_runs=True) == "paused"
    assert session_status(replay([ENGINE, EngineStopped(reason="stopped")])) == "stopped"
    done = [event for trial in range(1, 5) for replicate in (1, 2) for event in training(trial, replicate, [0.5])]
    assert session_status(replay([ENGINE, *done, EngineStopped(reason="finished")])) == "finished"
    imported = SessionSpec(DataSpec("import"), GRID)
    assert session_status(replay([], imported)) == "imported"


def test_the_tables_are_tidy_and_in_the_fixed_order(half_way: Snapshot) -> None:
    trials, replicates, epochs = (table(half_way) for table in (trials_table, replicates_table, epochs_table))
    assert trials.columns == (
        "trial", "learning_rate", "loss", "epochs", "status", "replicates", "complete",
        "mean_val_accuracy", "sd_val_accuracy", "mean_loss", "sd_loss",
    )  # fmt: skip
    assert replicates.columns == (
        "trial", "learning_rate", "loss", "epochs", "replicate", "attempt", "seed", "status", "last_epoch",
        "seconds", "reason", "origin", "val_accuracy", "metric_loss",
    )  # fmt: skip
    assert epochs.columns[8] == "epoch"
    rows = [list(table.rows) for table in (trials, replicates, epochs)]
    assert [len(found) for found in rows] == [4, 8, 8]
    assert rows[0][1] == (2, 0.001, "mse", 2, "complete", 2, 1, 0.7, None, 0.5, None)
    seen = np.array([False, True, False, False])
    assert [len(list(table(half_way, seen).rows)) for table in (trials_table, replicates_table)] == [1, 2]


def test_ten_thousand_trials_become_arrays() -> None:
    factors = tuple(Hyperparameter(f"h{n}", tuple(range(size))) for n, size in enumerate((5, 5, 5, 5, 4, 4)))
    spec = SessionSpec(DataSpec("import"), Grid(factors), replicates=4)
    snapshot = replay(
        (
            ResultAdopted(
                trial=key.trial,
                replicate=key.replicate,
                status="complete",
                origin="",
                epochs=({"loss": 1.0, "val_accuracy": key.trial / 10_000 + key.replicate},),
            )
            for key in spec.grid.jobs(4)
        ),
        spec,
    )
    assert table_of(snapshot).scores(at_last("val_accuracy")).mean[9_999] == pytest.approx(3.5)
    assert in_view(snapshot, Trim().hide("h0", 1)).sum() == 8_000


@pytest.mark.parametrize("huge", [1.9e154, 1e308, 1.7e308])
def test_huge_numbers_have_a_mean_and_a_spread_where_it_can_be_written(huge: float) -> None:
    assert one(0.0, huge) == (pytest.approx(huge / 2), pytest.approx(huge / math.sqrt(2)))
    assert one(huge, huge)[0] == pytest.approx(huge)
    assert one(-1.7e308, 1.7e308) == pytest.approx((0.0, math.nan), nan_ok=True)
