"""Quasi-random search: combinations spread over the space more evenly than by chance, by scrambled Sobol points.

At any length they leave no wide gaps, so that fewer trials see every region (Bergstra & Bengio 2012, section 5).
"""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.plan.plans import Search
from hpo_core.plan.random_plan import DRAWS, Row, first_new, row_at


class QmcPlan:
    """See ``plans.Plan``; the same seed gives the same trials, whatever came of them."""

    def propose(self, search: Search, wanted: int) -> Sequence[Row]:
        """Return all trials that are not there yet, at once; short lists repeat, and more points are looked at."""
        from scipy.stats.qmc import Sobol

        points = Sobol(len(search.space), scramble=True, rng=search.seed % 2**32)
        exponent = max((DRAWS * min(search.trials, 2000)).bit_length(), search.trials.bit_length())
        rows = points.random_base2(exponent).tolist()
        return first_new(search, (row_at(search.space, point) for point in rows))


def start() -> QmcPlan:
    """Return the plan."""
    return QmcPlan()
