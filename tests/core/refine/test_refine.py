"""Refine: the next grid from what the trim left, finer around the best, without training anything twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from places import PAPER

from hpo_core.engine.demo_session import demo_spec
from hpo_core.errors import SessionError, SpecError
from hpo_core.journal.events import EngineStarted, Envelope, ResultAdopted
from hpo_core.plan.grid import Grid, Hyperparameter, JobKey
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.refine.finer import finer_values, scale_of
from hpo_core.refine.proposal import create_refined, propose
from hpo_core.refine.reuse import adopt
from hpo_core.results.in_view import in_view
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState

RATES = (1e-4, 5e-4, 1e-3, 5e-3, 1e-2)
SPEC = SessionSpec.parse(
    """
    [data]
    source = "fruit"
    [grid]
    learning_rate = [1e-4, 5e-4, 1e-3, 5e-3, 1e-2]
    loss = ["poisson", "mean_squared_error"]
    filters = [12, 24, 36, 48]
    [fixed]
    epochs = 3
    [session]
    replicates = 2
    seed = 5
    """
)


def trained(
    spec: SessionSpec = SPEC, best: dict[str, Value] | None = None, skip: frozenset[int] = frozenset()
) -> Snapshot:
    """A finished session in which the trial with the values ``best`` is best; 6 s a training, 2 workers."""
    wanted = best or {"learning_rate": 1e-3, "loss": "mean_squared_error", "filters": 48}
    state = SessionState(spec)
    engine = EngineStarted(host="h", boot_id="b", pid=1, version="1", workers=2)
    state.apply(Envelope(1, 1, 1.0, engine))
    for seq, key in enumerate(spec.grid.jobs(spec.replicates), 2):
        values = spec.grid[key.trial].values
        score = sum(values[name] == value for name, value in wanted.items()) / 4 + key.trial / 1e6
        status = "failed" if key.trial in skip else "complete"
        event = ResultAdopted(
            trial=key.trial,
            replicate=key.replicate,
            status=status,  # type: ignore[arg-type]
            origin="",
            epochs=tuple({"val_accuracy": score * epoch / 3} for epoch in (1, 2, 3)),
            last_epoch=3,
            seconds=6.0,
            seed=spec.seed_of(key),
        )
        state.apply(Envelope(seq, 1, 1.0, event))
    return state.snapshot()


SESSION = trained()
TRIM = Trim().hide("learning_rate", 1e-2, 1e-4).hide("filters", 12)


def test_the_values_in_view_are_kept_and_finer_ones_lie_next_to_the_best() -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True)
    assert {factor.name: factor.values for factor in proposal.factors} == {
        "learning_rate": (5e-4, 7.07e-4, 1e-3, 2.24e-3, 5e-3),
        "loss": ("poisson", "mean_squared_error"),
        "filters": (24, 36, 42, 48, 60),
    }
    assert proposal.is_new("learning_rate", 7.07e-4)
    assert not proposal.is_new("filters", 24)
    assert SPEC.grid[proposal.best or 0].values["filters"] == 48


def test_a_finer_value_may_lie_towards_a_neighbour_that_was_trimmed() -> None:
    proposal = propose(
        "paper", SESSION, in_view(SESSION, Trim().hide("learning_rate", 1e-4, 5e-4, 5e-3, 1e-2)), whole=True
    )
    assert proposal.factors[0].values == (7.07e-4, 1e-3, 2.24e-3)


def test_without_results_nothing_finer_is_proposed() -> None:
    snapshot = SessionState(SPEC).snapshot()
    proposal = propose("new", snapshot, in_view(snapshot, TRIM), whole=True)
    assert proposal.factors[0].values == (5e-4, 1e-3, 5e-3)
    assert (proposal.best, proposal.seconds) == (None, None)


def test_with_nothing_in_view_there_is_nothing_to_refine() -> None:
    with pytest.raises(SpecError, match="No trial is in view"):
        propose(
            "paper", SESSION, in_view(SESSION, Trim().hide("loss", "poisson", "mean_squared_error")), whole=True
        )


def test_a_filter_line_narrows_the_grid_too() -> None:
    kept = in_view(SESSION, Trim().filtered("loss!=poisson and filters<=24"))
    proposal = propose("paper", SESSION, kept, whole=True)
    assert [factor.values for factor in proposal.factors[1:]] == [("mean_squared_error",), (12, 18, 24, 30)]


def test_it_says_what_is_new_what_is_re_used_and_how_long_it_takes() -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True)
    assert (proposal.trials, proposal.trials_reused, proposal.trials_new) == (50, 18, 32)
    assert proposal.trainings == 64
    assert proposal.seconds == pytest.approx(64 * 6 / 2)
    assert proposal.in_words() == "50 trials: 32 new, 18 re-used; 64 trainings to run"


def test_the_expected_time_follows_the_epochs() -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True).with_values({"epochs": [3, 6]})
    assert (proposal.trials, proposal.trials_reused) == (100, 18)
    assert proposal.seconds == pytest.approx((50 * 2 * 6 + 32 * 2 * 3) * (6 / 3) / 2)


def test_the_proposal_is_editable() -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True)
    edited = proposal.remove("filters", 60).add("filters", 30).toggle("learning_rate", 7.07e-4)
    assert [factor.values for factor in edited.factors] == [
        (5e-4, 1e-3, 2.24e-3, 5e-3),
        ("poisson", "mean_squared_error"),
        (24, 30, 36, 42, 48),
    ]
    assert edited.toggle("learning_rate", 7.07e-4).factors[0] == proposal.factors[0]
    assert edited.with_replicates(3).spec.replicates == 3
    assert edited.with_replicates(3).trainings == edited.trainings + edited.trials
    assert proposal.add("loss", "poisson") is proposal


def test_a_value_that_cannot_be_is_refused() -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True)
    with pytest.raises(SpecError, match="filters: 0 is out of range"):
        proposal.add("filters", 0)
    with pytest.raises(SpecError, match="needs a value"):
        proposal.with_values({"loss": ["poisson"]}).remove("loss", "poisson")
    with pytest.raises(SpecError, match="no hyperparameter 'width'"):
        proposal.add("width", 3)
    with pytest.raises(SpecError, match="is no hyperparameter"):
        proposal.with_values({"width": [3]})
    with pytest.raises(SpecError, match="the most"):
        _ = proposal.with_values({"dense_units": list(range(1, 20_000))}).spec


def test_a_hyperparameter_with_one_value_left_is_fixed() -> None:
    spec = propose("paper", SESSION, in_view(SESSION, Trim().hide("loss", "poisson")), whole=True).spec
    assert spec.grid.names == ("learning_rate", "filters")
    assert dict(spec.fixed) == {"epochs": 3, "loss": "mean_squared_error"}
    assert (spec.data, spec.seed, spec.replicates, spec.objective) == (SPEC.data, 5, 2, SPEC.objective)


def test_results_are_re_used_only_where_everything_is_the_same() -> None:
    same = adopt("paper", SESSION, SPEC)
    assert len(same) == 80
    assert len(adopt("paper", SESSION, replace(SPEC, replicates=1))) == 80
    assert adopt("paper", SESSION, replace(SPEC, seed=6)) == []
    assert adopt("paper", SESSION, replace(SPEC, precision="mixed_float16")) == []
    assert adopt("paper", SESSION, replace(SPEC, jit=True)) == []
    assert adopt("paper", SESSION, replace(SPEC, data=replace(SPEC.data, train_per_class=9))) == []
    assert adopt("paper", SESSION, replace(SPEC, fixed={"epochs": 4})) == []
    assert len(adopt("paper", SESSION, replace(SPEC, fixed={"epochs": 3, "optimizer": "adam"}))) == 80


@pytest.mark.parametrize("seeds", ["own", "shared"])
def test_a_refinement_is_seeded_as_the_session_it_came_from_and_re_uses_its_results(seeds: str) -> None:
    spec = replace(SPEC, seeds=seeds)
    finer = propose("coarse", trained(spec), in_view(SESSION, TRIM.hide("loss", "poisson")), whole=True)
    assert finer.spec.seeds == seeds
    assert (finer.trials, finer.trials_reused, len(finer.adopted)) == (25, 9, 18)
    assert {event.seed for event in finer.adopted} <= {spec.seed_of(key) for key in spec.grid.jobs(2)}
    assert {event.seed for event in finer.adopted} == {
        finer.spec.seed_of(JobKey(event.trial, event.replicate)) for event in finer.adopted
    }


def test_results_of_shared_seeds_are_none_for_a_grid_with_seeds_of_its_own() -> None:
    shared = replace(SPEC, seeds="shared")
    assert adopt("paper", trained(shared), SPEC) == []
    assert adopt("paper", SESSION, shared) == []
    assert len(adopt("paper", trained(shared), shared)) == 80


def test_failed_trainings_are_tried_again() -> None:
    snapshot = trained(skip=frozenset((1, 2)))
    assert {event.trial for event in adopt("paper", snapshot, SPEC)} == set(range(3, 41))


def test_a_fixed_hyperparameter_that_is_now_varied_is_the_same_training() -> None:
    proposal = propose("paper", SESSION, whole=True).with_values({"optimizer": ["adam", "sgd"]})
    assert proposal.trials_reused == 40
    assert {proposal.spec.grid[event.trial].values["optimizer"] for event in proposal.adopted} == {"adam"}


def test_the_new_session_says_where_each_result_came_from_and_trains_only_the_rest(tmp_path: Path) -> None:
    proposal = propose("paper", SESSION, in_view(SESSION, TRIM), whole=True)
    folder = create_refined(tmp_path, "finer", proposal)
    snapshot = read_session(folder)
    assert snapshot.spec == proposal.spec
    assert (snapshot.counts["complete"], snapshot.counts["waiting"]) == (36, 64)
    assert len(snapshot.queue) == 64
    for key, entry in snapshot.replicates.items():
        assert entry.origin.startswith("paper trial ")
        old = int(entry.origin.split()[2])
        assert SPEC.values_of(old) == snapshot.spec.values_of(key.trial)
        before = SESSION.replicates[JobKey(old, key.replicate)]
        assert entry.origin == f"paper {before.key}"
        assert (entry.seed, entry.seconds) == (before.seed, before.seconds)
        assert [(e.number, dict(e.metrics)) for e in entry.epochs] == [
            (e.number, dict(e.metrics)) for e in before.epochs
        ]
    assert snapshot.notes[0].text.startswith("Refined from paper: 50 trials: 32 new")
    again = adopt("finer", snapshot, snapshot.spec)
    assert {event.origin for event in again} == {entry.origin for entry in snapshot.replicates.values()}


def test_an_imported_session_has_nothing_to_train_on(tmp_path: Path) -> None:
    paper = SessionFolder(PAPER)
    snapshot = read_session(paper)
    proposal = propose("paper", snapshot, in_view(snapshot, Trim().hide("learning_rate", 0.01)), whole=True)
    assert proposal.factors[0].values == (1e-4, 5e-4, 7.07e-4, 1e-3, 2.24e-3, 5e-3)
    assert proposal.factors[2].values == (12, 24, 36, 42, 48, 60)
    assert (proposal.trials_reused, proposal.adopted) == (0, ())
    with pytest.raises(SessionError, match="was imported: it has results and nothing to train on"):
        create_refined(tmp_path, "finer", proposal)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "values", "best", "finer"),
    [
        ("learning_rate", RATES, 1e-3, (7.07e-4, 2.24e-3)),
        ("learning_rate", RATES, 1e-2, (7.07e-3, 2e-2)),
        ("learning_rate", RATES, 1e-4, (2e-5, 2.24e-4)),
        ("filters", (12, 24, 36, 48), 48, (42, 60)),
        ("filters", (12, 24), 12, (18,)),
        ("stride", (1, 2), 1, ()),
        ("dropout", (0.0, 0.5), 0.0, (0.25,)),
        ("dropout", (0.0, 0.5), 0.5, (0.25,)),
        ("batch_size", (32, 128), 32, (8, 64)),
        ("filters", (24,), 24, ()),
        ("loss", ("poisson", "mean_squared_error"), "poisson", ()),
        ("width", (0.1, 0.2), 0.2, (0.15, 0.3)),
        ("width", (0.01, 1.0), 1.0, (0.1, 100.0)),
        ("width", (1, "auto"), 1, ()),
    ],
)
def test_finer_values_follow_the_scale(
    name: str, values: tuple[Value, ...], best: Value, finer: tuple[Value, ...]
) -> None:
    assert finer_values(name, values, best) == finer


numbers = st.lists(
    st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e300, 1e300)), min_size=1, max_size=6, unique=True
)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from([*KNOWN, "width"]), values=numbers, data=st.data())
def test_a_finer_value_is_always_new_and_permitted(name: str, values: list[Value], data: st.DataObject) -> None:
    best = data.draw(st.sampled_from(values))
    found = finer_values(name, values, best)
    assert len(found) == len(set(found)) <= 2
    assert not set(found) & set(values)
    for value in found:
        if name in KNOWN:
            assert KNOWN[name].check(value, name) == value
        assert scale_of(name, values) != "none"
    assert all(isinstance(value, int) for value in found) or not all(isinstance(value, int) for value in values)


def test_a_listed_grid_is_refined_into_a_whole_one() -> None:
    grid = Grid(
        (Hyperparameter("learning_rate", (1e-4, 1e-3)), Hyperparameter("filters", (12, 24))),
        ((1e-4, 12), (1e-3, 24)),
    )
    spec = SessionSpec(SPEC.data, grid, {"epochs": 3}, seed=5)
    proposal = propose("part", trained(spec, {"learning_rate": 1e-3, "filters": 24}), whole=True)
    assert proposal.spec.grid.listed is None
    assert proposal.trials_reused == 2


def noisy(noise: float, spec: SessionSpec = SPEC) -> Snapshot:
    """A session in which the learning rate alone counts, and a training takes longer the more filters it has."""
    state = SessionState(spec)
    state.apply(Envelope(1, 1, 1.0, EngineStarted(host="h", boot_id="b", pid=1, version="1", workers=2)))
    draws = np.random.default_rng(1)
    for seq, key in enumerate(spec.grid.jobs(spec.replicates), 2):
        values = spec.grid[key.trial].values
        score = 0.9 - 0.3 * abs(np.log10(float(values["learning_rate"]) / 1e-3)) + noise * draws.normal()
        event = ResultAdopted(
            trial=key.trial,
            replicate=key.replicate,
            status="complete",
            origin="",
            epochs=({"val_accuracy": score},),
            last_epoch=3,
            seconds=1.0 + float(values["filters"]),
            seed=spec.seed_of(key),
        )
        state.apply(Envelope(seq, 1, 1.0, event))
    return state.snapshot()


def test_what_is_noise_is_fixed_at_its_cheapest_value_and_what_loses_is_dropped() -> None:
    proposal = propose("s", noisy(0.02))
    factors = {factor.name: factor.values for factor in proposal.factors}
    assert factors == {
        "learning_rate": (7.07e-4, 1e-3, 2.24e-3),
        "loss": factors["loss"],
        "filters": (12,),
    }
    assert len(factors["loss"]) == 1
    assert proposal.why[0] == "learning_rate: 0.0001, 0.0005, 0.005, 0.01 lost"
    assert proposal.why[2] == "filters is noise here: fixed at 12, the cheapest"
    assert (proposal.trials, proposal.saved_words()) == (3, "37 trials of 40 saved, 92%")


def test_what_cannot_be_judged_stays_and_yet_the_grid_does_not_grow_unless_that_is_asked_for() -> None:
    part = replace(
        noisy(0.02), replicates={key: one for key, one in noisy(0.02).replicates.items() if key.trial < 9}
    )
    assert propose("s", part, whole=True).trials > len(SPEC.grid)
    proposal = propose("s", part)
    assert proposal.trials <= len(SPEC.grid)
    best = SPEC.grid[proposal.best or 0].values
    assert all(best[factor.name] in factor.values for factor in proposal.factors)


@pytest.mark.parametrize("hidden", [(), (1e-2,), (1e-2, 1e-4)])
def test_the_papers_grid_shrinks_however_it_was_trimmed(hidden: tuple[float, ...]) -> None:
    snapshot = read_session(SessionFolder(PAPER))
    proposal = propose("paper", snapshot, in_view(snapshot, Trim().hide("learning_rate", *hidden)))
    assert 1 < proposal.trials < len(snapshot.spec.grid)
    assert proposal.saved_words()


@pytest.mark.parametrize("hidden", [(), (1e-4,), (1e-4, 5e-4), (1e-2,)])
def test_the_demos_grid_shrinks_however_it_was_trimmed(hidden: tuple[float, ...]) -> None:
    snapshot = noisy(0.03, demo_spec())
    proposal = propose("demo", snapshot, in_view(snapshot, Trim().hide("learning_rate", *hidden)))
    assert 1 < proposal.trials < len(snapshot.spec.grid) == 60
