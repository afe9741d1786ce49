"""Looks at a session under way: each at a level of its own, all together at 5 %."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from hpo_core.effects.looks import level, levels


@pytest.mark.parametrize("looks", [1, 2, 5, 20])
def test_all_looks_together_err_as_often_as_one(looks: int) -> None:
    steps = np.random.default_rng(1).normal(size=(100_000, looks))
    z = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, looks + 1))
    alarms = np.any(2 * scipy.stats.norm.sf(np.abs(z)) < levels(looks, 0.05), axis=1)
    assert 0.047 < alarms.mean() < 0.053


def test_the_levels_are_those_of_the_tables() -> None:
    """Two looks of O'Brien-Fleming's kind: z of 2.963 and 1.969 (Jennison and Turnbull 2000, table 7.1)."""
    assert 2 * scipy.stats.norm.sf([2.963, 1.969]) == pytest.approx(levels(2, 0.05), rel=0.02)


def test_early_looks_are_strict_and_nothing_planned_is_no_look() -> None:
    assert level(0, 0, 0.05) == 0.05
    assert level(1, 1, 0.05) == pytest.approx(0.05, rel=1e-3)
    assert level(0, 5, 0.05) == 0
    found = [level(done, 5, 0.05) for done in range(6)]
    assert found == sorted(found)
    assert level(500, 1000, 0.05) == level(10, 20, 0.05)
