"""The distributions agree with scipy's, which take longer to import than a small session to be analysed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import scipy

from hpo_core.effects.failing_values import fisher
from hpo_core.effects.incomplete import crossing, gamma_above, normal_below, normal_point
from hpo_core.effects.probability import (
    f_point,
    f_power,
    f_tail,
    power,
    sd_bound,
    t_below,
    t_point,
    t_points,
)

DF = (1, 2, 3, 4.3, 12, 59, 119.5, 2e4)
LARGE = (0.5, 1, 2, 6, 30.0, 500, 1e4, 1e6)


@pytest.mark.parametrize(
    ("ours", "scipys", "at"),
    [
        (f_tail, lambda f, df, of: scipy.special.fdtrc(df, of, f), ((1e-3, 0.5, 1, 3, 50), (1, 2, 4, 59), DF)),
        (t_below, lambda t, df: scipy.special.stdtr(df, t), ((-40, -3, -0.1, 0, 0.2, 2, 20), (*DF, 1e6))),
        (t_point, lambda p, df: scipy.special.stdtrit(df, p), ((0.05, 0.5, 0.75, 0.975, 0.99999), DF)),
        (f_point, lambda p, df, of: scipy.special.fdtri(df, of, 1 - p), ((0.5, 0.05, 0.001), (1, 3, 59), DF)),
        (gamma_above, scipy.special.gammaincc, (LARGE, (0.01, 0.5, 3, 40, 510, 9900, 1.001e6))),
        (sd_bound, lambda df, sure: (df / scipy.special.chdtri(df, sure)) ** 0.5, (DF, (0.05, 0.5, 0.9))),
        (normal_point, lambda p: -scipy.special.ndtri(p), ((0.4, 0.05, 0.0125, 1e-9),)),
    ],
    ids=["F", "t", "t's points", "F's points", "gamma", "chi square", "normal"],
)
def test_a_distribution_has_scipys_digits(
    ours: Callable[..., float], scipys: Callable[..., float], at: tuple[tuple[float, ...], ...]
) -> None:
    for each in product(*at):
        assert ours(*each) == pytest.approx(float(scipys(*each)), rel=1e-12, abs=1e-300), each


def test_what_a_test_would_see_has_scipys_digits() -> None:
    for shift, df, alpha in product((0.0, 1, 3, 8), DF, (0.05, 0.01)):
        seen = 1 - scipy.special.nctdtr(df, shift, scipy.special.stdtrit(df, 1 - alpha))
        assert power(shift, df, alpha) == pytest.approx(seen, abs=1e-12)
    for limit, df, of, size in product((1.5, 4, 161), (1, 4, 59), DF, (0.5, 10, 1000)):
        assert f_power(limit, df, of, size) == pytest.approx(
            1 - scipy.special.ncfdtr(df, of, size, limit), abs=1e-11
        )


def test_whole_arrays_are_as_exact() -> None:
    x = np.linspace(-9, 9, 5_000)
    assert np.abs(normal_below(x) - scipy.special.ndtr(x)).max() < 1e-15
    assert normal_below(np.array([-1e9, -np.inf, np.inf])) == pytest.approx([0, 0, 1], abs=1e-300)
    df = np.array([[1.0, 3.5], [3.5 + 1e-13, 1e5]])
    assert t_points(0.975, df) == pytest.approx(scipy.special.stdtrit(df, 0.975), rel=1e-9)


@pytest.mark.parametrize("counts", [(3, 10, 1, 12), (0, 4, 2, 9), (40, 900, 1, 700), (2, 2, 5, 60)])
def test_fishers_test_sums_the_hypergeometric_tail(counts: tuple[int, int, int, int]) -> None:
    lost, ended, lost_there, ended_there = counts
    tail = scipy.stats.hypergeom.sf(lost - 1, ended + ended_there, lost + lost_there, ended)
    assert fisher(*counts) == pytest.approx(tail, rel=1e-10)


def test_where_nothing_is_crossed_up_to_the_limit_there_is_no_number() -> None:
    assert np.isnan(crossing(lambda x: -1.0, most=1e6))
    assert crossing(lambda x: x - 1e-7) == pytest.approx(1e-7, rel=1e-12)
