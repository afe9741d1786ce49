"""A hyperparameter may be drawn from a range; what is drawn is readable, evenly spread, and inside."""

from __future__ import annotations

import math

import pytest

from hpo_core.errors import SpecError
from hpo_core.plan.ranges import Range
from hpo_core.plan.spec import SessionSpec

SPEC = '[data]\nsource = "fruit"\n[grid]\n{grid}\n[fixed]\nepochs = 2\n[search]\nplan = "random"\ntrials = 9\n'
LOG = '{low = 1e-4, high = 0.1, scale = "log"}'


def test_a_log_range_gives_each_decade_its_part_in_three_digits() -> None:
    rates = [Range(1e-4, 0.1, "log").at((n + 0.5) / 300) for n in range(300)]
    assert [sum(10.0**e <= float(r) < 10.0 ** (e + 1) for r in rates) for e in (-4, -3, -2)] == [100, 100, 100]
    assert all(rate == float(f"{rate:.3g}") for rate in rates)


def test_whole_numbers_and_steps_are_drawn_alike_often_and_reach_both_ends() -> None:
    for of, all_of_them in (
        (Range(4, 16, step=4, int=True), [4, 8, 12, 16]),
        (Range(0, 0.3, step=0.1), [0, 0.1, 0.2, 0.3]),
    ):
        drawn = [of.at(n / 400) for n in range(401)]
        assert sorted(set(drawn)) == all_of_them
        assert {drawn.count(value) for value in all_of_them} <= {100, 101}
        assert of.size == 4
    whole = Range(1, 100, "log", int=True)
    drawn = [whole.at(n / 1000) for n in range(1001)]
    assert (drawn[0], drawn[-1], all(isinstance(value, int) for value in drawn)) == (1, 100, True)
    assert Range(0, 1).size == Range(1e-5, 1, "log").size == math.inf


def test_a_spec_with_ranges_is_written_and_read_back_in_its_order() -> None:
    spec = SessionSpec.parse(
        SPEC.format(grid=f'learning_rate = {LOG}\nfilters = {{low = 4, high = 32}}\nloss = ["poisson"]')
    )
    again = SessionSpec.parse(spec.to_toml())
    assert again == spec
    assert again.grid.names == ("learning_rate", "filters", "loss")
    assert again.grid.hyperparameters[1].range == Range(4, 32, int=True)


WRONG = [
    ("learning_rate = {low = 1e-4}", "a range needs a low and a high end; high is missing"),
    ("learning_rate = {low = 0.1, high = 1e-4}", "low must be below high, and 0.1 to 0.0001 is not"),
    ('learning_rate = {low = -1, high = 1, scale = "log"}', "on a log scale low must be above 0"),
    ("learning_rate = {low = 0, high = 1}", "0.0 is out of range; give a number above 0"),
    ("filters = {low = 1.5, high = 9}", "a range of whole numbers has whole ends"),
    ("filters = {low = 1, high = 9, step = 20}", "step must be above 0, and fit between low and high"),
    ("loss = {low = 1, high = 9}", "loss is no number, and has no range"),
    ("filters = {low = 1, hihg = 9}", "unknown key 'hihg' in [grid] filters; did you mean high?"),
    ("filtres = {low = 1, high = 9}", "unknown hyperparameter; did you mean filters?"),
    ('filters = {low = 1, high = 9, scale = "lin"}', "scale must be one of linear, log"),
]  # fmt: skip


@pytest.mark.parametrize(("grid", "said"), WRONG)
def test_a_range_that_makes_no_sense_is_answered_in_one_sentence(grid: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        SessionSpec.parse(SPEC.format(grid=grid), "a.toml")
    assert said in str(caught.value)


def test_a_full_grid_has_no_ranges_and_a_search_compares_nothing_across_losses() -> None:
    with pytest.raises(SpecError, match=r"learning_rate is a range, which has too many values to train each"):
        SessionSpec.parse(SPEC.format(grid=f"learning_rate = {LOG}").split("[search]")[0])
    losses = SPEC.format(grid='loss = ["poisson", "mean_squared_error"]') + '[session]\nobjective = "val_loss"\n'
    assert SessionSpec.parse(losses).losses_apart
    for search in ('plan = "tpe"', 'pruner = "halving"\nplan = "random"'):
        with pytest.raises(SpecError, match="val_loss cannot be compared across losses"):
            SessionSpec.parse(losses.replace('plan = "random"', search))
