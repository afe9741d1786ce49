"""Seeds: one of its own for every training, the same wherever that is trained; or shared by every trial."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo_core.errors import SpecError
from hpo_core.plan.grid import JobKey
from hpo_core.plan.seeds import replicate_seed, training_seed
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import BEFORE_THERE_WAS_A_KEY, SessionSpec


def spec_of(tables: str, session: str = "") -> SessionSpec:
    return SessionSpec.parse(f'[data]\nsource = "fruit"\n{tables}\n[session]\nreplicates = 2\n{session}\n')


def seeds_of(spec: SessionSpec) -> dict[tuple[object, ...], int]:
    """The seeds by what is trained: every hyperparameter's value, and the replicate."""
    return {
        (*sorted(spec.values_of(key.trial).items()), key.replicate): spec.seed_of(key)
        for key in spec.grid.jobs(spec.replicates)
    }


COARSE = spec_of('[grid]\nlearning_rate = [1e-3, 1e-2]\nfilters = [12, 24]\n[fixed]\nloss = "poisson"\nepochs = 5')


def test_seeds_are_the_same_on_every_machine_and_in_every_version() -> None:
    assert [replicate_seed(0, 1), replicate_seed(0, 2), replicate_seed(1, 1)] == [
        691_566_078,
        499_529_322,
        624_792_847,
    ]
    values: dict[str, Value] = {"learning_rate": 1e-4, "loss": "poisson", "filters": 24}
    assert [training_seed(0, values, 1), training_seed(0, values, 2), training_seed(1, values, 1)] == [
        1_656_514_420,
        2_100_041_995,
        581_346_456,
    ]


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0.001, 1e-3), (0, -0.0), (10**20, 1e20)])
def test_a_number_is_the_same_however_it_is_spelled(one: Value, other: Value) -> None:
    assert training_seed(0, {"a": one}, 1) == training_seed(0, {"a": other}, 1)


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (False, 0), ("1", 1), ("true", True), (0.1, 0.10000000000000002)]
)
def test_values_that_are_not_the_same_have_other_seeds(one: Value, other: Value) -> None:
    assert training_seed(0, {"a": one}, 1) != training_seed(0, {"a": other}, 1)


texts = st.text(max_size=4)
trials = st.dictionaries(
    texts,
    st.one_of(st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False), texts),
    max_size=4,
)


@given(values=trials, seed=st.integers(0, 2**63 - 1), replicate=st.integers(1, 10_000))
def test_the_order_of_the_names_decides_nothing(values: dict[str, Value], seed: int, replicate: int) -> None:
    turned = dict(reversed(values.items()))
    assert training_seed(seed, values, replicate) == training_seed(seed, turned, replicate)
    assert 0 <= training_seed(seed, values, replicate) < 2**31


def test_no_two_trainings_of_a_session_have_the_same_seed() -> None:
    seeds = seeds_of(spec_of(f"[grid]\nfilters = {list(range(1, 101))}\nlearning_rate = [1e-3, 1e-2]"))
    assert len(set(seeds.values())) == len(seeds) == 400


@pytest.mark.parametrize(
    "tables",
    [
        '[grid]\nfilters = [24]\nlearning_rate = [1e-2]\nloss = ["poisson"]\nepochs = [5]',
        '[grid]\nloss = ["mean_squared_error", "poisson"]\n'
        "[fixed]\nepochs = 5\nlearning_rate = 0.01\nfilters = 24",
        "[grid]\nlearning_rate = [1e-4, 1e-3, 1e-2, 1]\nfilters = [36, 24.0]\nepochs = [5, 7]\n"
        '[fixed]\nloss = "poisson"',
        '[grid]\nfilters = [24, 12]\noptimizer = ["sgd", "adam"]\n'
        '[fixed]\nlearning_rate = 0.01\nloss = "poisson"\nepochs = 5\nbatch_norm = false',
    ],
    ids=["all varied", "others fixed", "more values", "a default named"],
)
def test_the_same_training_has_the_same_seed_in_another_grid(tables: str) -> None:
    coarse, other = seeds_of(COARSE), seeds_of(spec_of(tables))
    common = coarse.keys() & other.keys()
    assert len(common) >= 2
    assert {key: coarse[key] for key in common} == {key: other[key] for key in common}


def test_the_session_s_seed_decides_and_what_is_not_a_value_does_not() -> None:
    text = COARSE.to_toml()
    for then, now in (("replicates = 2", "replicates = 3"), ("float32", "mixed_float16"), ("fruit", "mnist")):
        again = SessionSpec.parse(text.replace(then, now))
        assert seeds_of(COARSE).items() <= seeds_of(again).items()
    other = SessionSpec.parse(text.replace("seed = 0", "seed = 1"))
    assert not set(seeds_of(COARSE).values()) & set(seeds_of(other).values())


def test_shared_seeds_are_those_of_the_replicate() -> None:
    spec = spec_of("[grid]\nfilters = [12, 24]", 'seed = 1\nseeds = "shared"')
    assert [spec.seed_of(JobKey(trial, 1)) for trial in (1, 2)] == [replicate_seed(1, 1)] * 2
    assert spec.seed_of(JobKey(2, 2)) == replicate_seed(1, 2)
    assert SessionSpec.parse(spec.to_toml()) == spec


def test_who_says_nothing_means_own_and_a_record_that_says_nothing_is_older_and_shared() -> None:
    text = '[data]\nsource = "fruit"\n[grid]\nfilters = [12]\n'
    assert SessionSpec.parse(text).seeds == "own"
    assert SessionSpec.parse(text, unsaid=BEFORE_THERE_WAS_A_KEY).seeds == "shared"
    written = SessionSpec.parse(text).to_toml()
    assert 'seeds = "own"' in written
    assert SessionSpec.parse(written, unsaid=BEFORE_THERE_WAS_A_KEY).seeds == "own"
    imported = text.replace("fruit", "import")
    assert SessionSpec.parse(imported, unsaid=BEFORE_THERE_WAS_A_KEY) == SessionSpec.parse(imported)
    with pytest.raises(SpecError, match=r"\[session\] seeds must be one of own, shared, not 'paired'"):
        spec_of("[grid]\nfilters = [12]", 'seeds = "paired"')
