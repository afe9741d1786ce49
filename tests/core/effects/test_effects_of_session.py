"""A session's trainings as the analysis takes them: which count, at which epoch, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from msgspec.structs import replace
from places import ROOT

from hpo_core.effects.classes import find_collapsed
from hpo_core.effects.words import sentences
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineStarted,
    Envelope,
    EpochEnded,
    Event,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import analyse_session, collapsed_trainings, results_of, session_wiring
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import measure_of, metrics_of
from hpo_core.results.table import table_of
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.session.store import find

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = [1e-4, 1e-3, 1e-2]
loss = ["poisson", "mean_squared_error"]
[fixed]
epochs = 3
[session]
replicates = 2
seeds = "shared"
"""

SHARED = SessionSpec.parse(SPEC)
OWN = replace(SHARED, seeds="own")

Curve = Callable[[dict[str, object], JobKey], list[dict[str, float | None]]]


def learning(values: dict[str, object], key: JobKey) -> list[dict[str, float | None]]:
    """Validation accuracy is best at the second epoch; 0.01 collapses; every training has its own noise."""
    if values["learning_rate"] == 1e-2:
        flat = {"accuracy": 0.1, "loss": 2.3026, "val_accuracy": 0.1, "val_loss": 2.3026}
        return [dict(flat, loss=2.3026 + 1e-6 * key.trial)] * 3
    level = 0.9 if values["learning_rate"] == 1e-3 else 0.6
    level += 0.001 * key.trial + 0.004 * (key.replicate - 1)
    gains = (-0.2, 0.05, 0.0)
    return [
        {"accuracy": level + gain + 0.02, "loss": 0.3, "val_accuracy": level + gain, "val_loss": 0.4}
        for gain in gains
    ]


def deaf_to_the_loss(values: dict[str, object], key: JobKey) -> list[dict[str, float | None]]:
    level = 0.5 + 100 * float(str(values["learning_rate"])) / 7 + 0.013 * key.replicate
    return [{"accuracy": level, "loss": 1 - level, "val_accuracy": level, "val_loss": 1 - level}] * 3


def events(curve: Curve, device: str, jobs: list[JobKey], spec: SessionSpec) -> Iterator[Event]:
    yield EngineStarted(host="box", boot_id="b", pid=1, version="0", device=device)
    classes = tuple(f"fruit {n}" for n in range(10))
    yield DataPrepared(fingerprint="f", train=480, validation=160, classes=classes, image_size=(8, 8), seconds=1.0)
    for key in jobs:
        ids = {"trial": key.trial, "replicate": key.replicate, "attempt": 1}
        yield AttemptStarted(**ids, seed=spec.seed_of(key), worker=1)
        for number, metrics in enumerate(curve(spec.values_of(key.trial), key), 1):
            yield EpochEnded(**ids, epoch=number, metrics=metrics, seconds=2.0)
        yield AttemptEnded(**ids, status="complete", seconds=6.0 + key.trial, parameters=1000)


def session(
    curve: Curve = learning,
    device: str = "cpu",
    done: int | None = None,
    extra: tuple[Event, ...] = (),
    spec: SessionSpec = SHARED,
) -> Snapshot:
    """A session of six trials with two replicates, of which the first ``done`` have ended."""
    state = SessionState(spec)
    jobs = list(spec.grid.jobs(spec.replicates))[:done]
    for seq, event in enumerate([*events(curve, device, jobs, spec), *extra], 1):
        state.apply(Envelope(seq, 1, float(seq), event))
    return state.snapshot()


def test_data_that_name_no_classes_leave_their_number_unknown() -> None:
    own = DataPrepared(fingerprint="own", train=90, validation=30, classes=(), image_size=(0, 0), seconds=0.0)
    results = results_of(session(extra=(own,)))
    assert results.classes is None
    assert len(find_collapsed(results)) == len(results), "nothing is divided by no classes, which warns"


def test_only_trainings_that_have_ended_are_taken_and_only_complete_ones_count() -> None:
    failed = (
        AttemptStarted(trial=4, replicate=2, attempt=1, seed=SHARED.seed_of(JobKey(4, 2)), worker=1),
        EpochEnded(trial=4, replicate=2, attempt=1, epoch=1, metrics={"val_accuracy": 0.99}),
        AttemptEnded(trial=4, replicate=2, attempt=1, status="failed", kind="out of memory"),
        AttemptStarted(trial=5, replicate=2, attempt=1, seed=SHARED.seed_of(JobKey(5, 2)), worker=1),
    )
    results = results_of(session(done=9, extra=failed))
    assert len(results) == 10
    assert int(results.counted().sum()) == 9


@pytest.mark.parametrize(("spec", "shared"), [(SHARED, True), (OWN, False)])
def test_replicates_are_blocks_only_where_trials_share_their_seeds(spec: SessionSpec, shared: bool) -> None:
    snapshot = session(spec=spec)
    effects = analyse_session(snapshot, measure_of(snapshot))
    assert (effects.block is not None) is shared
    assert any("all trials have the same" in said for said in sentences(effects)) is shared
    one = np.arange(6) == 0
    assert results_of(snapshot, seen=one).blocked is shared, "by the spec, where there are no two trials"
    for other in (SHARED, OWN):
        assert results_of(replace(snapshot, spec=other)).blocked is shared, "by the seeds recorded"


def test_the_trim_leaves_trainings_out() -> None:
    snapshot = session()
    seen = in_view(snapshot, Trim().hide("learning_rate", 1e-2))
    assert len(results_of(snapshot, None, seen)) == 8


def test_best_and_last_epoch_are_two_measures_and_it_is_said_which() -> None:
    snapshot = session()
    last, best = (results_of(snapshot, measure_of(snapshot, None, which)) for which in ("last", "best"))
    rows = last.codes[:, 0] < 2
    assert best.y[rows] - last.y[rows] == pytest.approx(0.05)
    assert (last.shown_epoch, best.shown_epoch) == ("last epoch", "best epoch")
    assert measure_of(snapshot, None, "best").words == "val_accuracy, best epoch"


def test_the_best_epoch_of_a_loss_is_its_lowest() -> None:
    snapshot = session()
    entry = snapshot.replicate(JobKey(6, 1))
    assert measure_of(snapshot, "loss", "best").value(entry) == min(row.metrics["loss"] for row in entry.epochs)


def test_time_speed_and_size_are_measures_like_any_other() -> None:
    snapshot = session()
    assert metrics_of(snapshot)[-3:] == ("seconds", "images/s", "parameters")
    entry = snapshot.replicate(JobKey(2, 1))
    seconds, speed, size = (measure_of(snapshot, name) for name in ("seconds", "images/s", "parameters"))
    assert (seconds.value(entry), size.value(entry)) == (8.0, 1000)
    assert speed.value(entry) == pytest.approx(480 * 3 / 8.0)
    assert (seconds.better, speed.better, size.better) == ("min", "max", "min")
    assert speed.at(entry.epochs[0]) == pytest.approx(240)
    effects = analyse_session(snapshot, seconds)
    assert (effects.metric, effects.maximise, effects.n) == ("seconds", False, 12)


def test_an_imported_table_knows_no_time(paper: Snapshot) -> None:
    assert metrics_of(paper) == ("accuracy", "loss")
    assert measure_of(paper, "seconds").metric == "accuracy"


def test_collapsed_trainings_are_found_in_the_whole_session_and_stay_so_under_a_trim() -> None:
    snapshot = session()
    collapsed = collapsed_trainings(snapshot)
    assert {key.trial for key in collapsed} == {5, 6}
    measure = measure_of(snapshot)
    table = table_of(snapshot)
    counted = table.counted(measure) & ~table.counted(measure.without(collapsed))
    assert {int(trial) for trial in table.trial[counted]} == {5, 6}
    alone = np.array([number == 6 for number in range(1, 7)])
    assert analyse_session(snapshot, measure, alone).failures.counts == {"collapsed": 2}
    assert analyse_session(snapshot, measure, without_collapsed=True).n == 8


def test_a_hyperparameter_that_reaches_nothing_is_found_after_its_second_trial() -> None:
    assert session_wiring(session(deaf_to_the_loss, done=1)) == ()
    faults = session_wiring(session(deaf_to_the_loss, done=2))
    assert [fault.factor for fault in faults] == ["loss"]
    assert faults[0].exact
    assert session_wiring(session()) == ()
    assert session_wiring(session(deaf_to_the_loss, spec=OWN)) == (), "equal curves of different seeds say nothing"


def all_but_deaf(values: dict[str, object], key: JobKey) -> list[dict[str, float | None]]:
    return [
        {name: value + 1e-6 * key.trial for name, value in row.items()} for row in deaf_to_the_loss(values, key)
    ]


def test_a_device_that_need_not_repeat_its_bits_is_compared_by_distance_where_bits_differ() -> None:
    faults = session_wiring(session(deaf_to_the_loss, device="gpu:0"))
    assert [(fault.factor, fault.exact) for fault in faults] == [("loss", True)]
    faults = session_wiring(session(all_but_deaf, device="gpu:0"))
    assert [(fault.factor, fault.exact) for fault in faults] == [("loss", False)]
    assert "seems to have no effect" in str(faults[0])
    assert session_wiring(session(all_but_deaf)) == ()


def test_a_session_of_which_nothing_has_ended_gets_words() -> None:
    snapshot = session(done=0)
    assert sentences(analyse_session(snapshot, measure_of(snapshot))) == ["There is no training in view yet."]
    assert collapsed_trainings(snapshot) == frozenset()


# The paper's table ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper() -> Snapshot:
    return read_session(find(ROOT / "sessions", "paper"))


@pytest.mark.parametrize(("hidden", "f", "p"), [((), 0.319, 0.728), ((0.01,), 0.656, 0.523)])
def test_the_papers_optimizer_has_no_detectable_effect(paper: Snapshot, hidden, f, p) -> None:
    seen = in_view(paper, Trim().hide("learning_rate", *hidden))
    line = analyse_session(paper, measure_of(paper), seen).effect("optimizer")
    assert line is not None
    assert (line.f, line.p) == (pytest.approx(f, abs=5e-4), pytest.approx(p, abs=5e-4))
    assert line.verdict == "no detectable effect"


def test_ten_of_the_papers_trainings_collapsed_all_at_the_highest_learning_rate(paper: Snapshot) -> None:
    collapsed = collapsed_trainings(paper)
    assert len(collapsed) == 10
    assert {paper.spec.grid[key.trial].values["learning_rate"] for key in collapsed} == {0.01}
