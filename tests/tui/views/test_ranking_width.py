"""The ranking's column of scores has room for the longest of them, though not each of 100,000 is written."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.views.ranking import longest_written


@pytest.mark.parametrize("size", [1e-5, 0.5, 1.0, 30.0, 9e3, 1e4, 1e9])
def test_the_longest_score_is_among_the_few_that_are_written(size: float) -> None:
    draw = np.random.default_rng(1)
    scores = np.concatenate(
        [draw.normal(size=500) * size, draw.random(50), [0.0, np.nan, np.inf, -9999.5, 9999.99999]]
    )
    decimals = decimals_for(scores)
    every = [len(metric_text(score, decimals)) for score in scores.tolist() if np.isfinite(score)]
    few = longest_written(scores)
    assert max(len(metric_text(score, decimals)) for score in few) == max(every)
    assert len(few) < 40
    assert longest_written(np.array([np.nan])) == []
