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
from hpo_core.plan.data import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.metrics import Objective
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.table import aggregate_status, mean_and_sd, ranking, result_arrays, show_json, trial_results
from hpo_core.results.tidy import epochs_table, replicates_table, trials_table
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot, Status, session_status
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
    first, second, third, fourth = trial_results(half_way)
    assert first.mean["val_accuracy"] == pytest.approx(0.85)
    assert first.sd["val_accuracy"] == pytest.approx(math.sqrt(0.005))
    assert second.mean["val_accuracy"] == 0.7
    assert second.sd["val_accuracy"] is None
    assert third.mean["val_accuracy"] is None
    assert fourth.mean == {"val_accuracy": None, "loss": None}


def test_one_bad_replicate_does_not_void_its_trial(half_way: Snapshot) -> None:
    second = trial_results(half_way)[1]
    assert (second.status, second.count("complete"), second.count("failed", "diverged")) == ("complete", 1, 1)


def test_a_trial_has_the_status_of_its_replicates_taken_together(half_way: Snapshot) -> None:
    assert [row.status for row in trial_results(half_way)] == ["complete", "complete", "running", "waiting"]
    cases: list[tuple[tuple[Status, ...], Status]] = [
        (("complete", "waiting"), "waiting"),
        (("running", "waiting", "failed"), "running"),
        (("failed", "diverged"), "failed"),
        (("diverged", "stopped"), "diverged"),
        (("stopped", "stopped"), "stopped"),
        (("failed", "complete"), "complete"),
    ]
    for statuses, expected in cases:
        assert aggregate_status(statuses) == expected


def test_the_ranking_puts_the_best_first_and_trials_without_a_score_last(half_way: Snapshot) -> None:
    rows = trial_results(half_way)
    assert [row.number for row in ranking(rows, SPEC.objective)] == [1, 2, 3, 4]
    assert [row.number for row in ranking(rows, Objective("val_accuracy", "min"))] == [2, 1, 3, 4]


def test_a_metric_that_was_not_a_number_does_not_enter_the_mean() -> None:
    snapshot = replay([*training(1, 1, [0.5, None]), *training(1, 2, [0.5, 0.6])])
    row = trial_results(snapshot)[0]
    assert (row.mean["val_accuracy"], row.sd["val_accuracy"]) == (0.6, None)
    assert row.mean["loss"] == 0.5
    assert result_arrays(snapshot).finished[0] == 1


def test_the_standard_deviation_is_the_sample_s() -> None:
    assert mean_and_sd([]) == (None, None)
    assert mean_and_sd([3.0]) == (3.0, None)
    assert mean_and_sd([1.0, 2.0, 4.0]) == (pytest.approx(7 / 3), pytest.approx(np.std([1, 2, 4], ddof=1)))


def test_the_arrays_say_what_the_rows_say(half_way: Snapshot) -> None:
    for metric in half_way.metrics:
        arrays, rows = result_arrays(half_way, metric), trial_results(half_way)
        for at, row in enumerate(rows):
            for array, number in ((arrays.scores, row.mean[metric]), (arrays.sds, row.sd[metric])):
                assert math.isnan(array[at]) if number is None else array[at] == pytest.approx(number)
            assert arrays.failed[at] == row.count("failed", "diverged")
            assert [int(n) for n in arrays.counts[at]] == [
                row.count(status) for status in ("waiting", "running", "complete", "diverged", "failed", "stopped")
            ]
        assert arrays.statuses == [row.status for row in rows]
    assert GRID.codes.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_the_trim_decides_what_is_in_view(half_way: Snapshot) -> None:
    trim = Trim().hide("loss", "mse")
    assert [row.number for row in trial_results(half_way, trim)] == [1, 3]
    assert result_arrays(half_way, trim=trim).in_view.tolist() == [True, False, True, False]
    assert [row.number for row in trial_results(half_way, trim, lambda row: row.number > 1)] == [3]
    assert len(trial_results(half_way, trim.undo())) == 4


def test_an_added_replicate_counts(half_way: Snapshot) -> None:
    snapshot = replay([*training(1, 1, [0.5]), JobsQueued(jobs=((1, 3),))])
    assert len(trial_results(snapshot)[0].replicates) == 3
    assert result_arrays(snapshot).counts[0].tolist() == [2, 0, 1, 0, 0, 0]


def test_show_json_is_the_object_that_scripts_rely_on(half_way: Snapshot) -> None:
    shown = json.loads(json.dumps(show_json("grid", half_way), allow_nan=False))
    assert list(shown) == ["session", "status", "objective", "counts", "trials"]
    assert (shown["session"], shown["status"], shown["objective"]) == ("grid", "training", "val_accuracy")
    assert shown["counts"] == {
        "waiting": 3, "running": 1, "complete": 3, "diverged": 0, "failed": 1, "stopped": 0,
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
    rows = trial_results(half_way)
    trials, replicates, epochs = (
        table(half_way, rows) for table in (trials_table, replicates_table, epochs_table)
    )
    assert trials.columns == (
        "trial", "learning_rate", "loss", "epochs", "status", "replicates", "complete",
        "mean_val_accuracy", "sd_val_accuracy", "mean_loss", "sd_loss",
    )  # fmt: skip
    assert replicates.columns == (
        "trial", "learning_rate", "loss", "epochs", "replicate", "attempt", "seed", "status", "last_epoch",
        "seconds", "reason", "origin", "val_accuracy", "metric_loss",
    )  # fmt: skip
    assert epochs.columns[8] == "epoch"
    assert [len(list(table.rows)) for table in (trials, replicates, epochs)] == [4, 8, 8]


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
    arrays = result_arrays(snapshot, trim=Trim().hide("h0", 1))
    assert arrays.scores[9_999] == pytest.approx(3.5)
    assert arrays.in_view.sum() == 8_000


@pytest.mark.parametrize("huge", [1.9e154, 1e308, 1.7e308])
def test_huge_numbers_have_a_mean_and_a_spread_where_it_can_be_written(huge: float) -> None:
    mean, sd = mean_and_sd([0.0, huge])
    assert (mean, sd) == (pytest.approx(huge / 2), pytest.approx(huge / math.sqrt(2)))
    assert mean_and_sd([huge, huge])[0] == pytest.approx(huge)
    assert mean_and_sd([-1.7e308, 1.7e308]) == (0.0, None)
