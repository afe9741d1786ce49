"""The whole analysis of one metric, from plain results to findings.

Measured on one core: 10,000 trials × 4 replicates × 6 hyperparameters, main effects and pairs, ranks, values,
winner and front: 0.25 s, with a tenth of the trainings missing 1.1 s; 40,000 curves of 5 epochs take 0.75 s more.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.effects.anova import NAN, analyse_variance, nothing_to_compare
from hpo_core.effects.cells import cells_of
from hpo_core.effects.classes import Failures, classify
from hpo_core.effects.cost import frontier
from hpo_core.effects.failing_values import unscored_of
from hpo_core.effects.inputs import Bools, Floats, Results
from hpo_core.effects.learning_curves import epoch_words
from hpo_core.effects.model import Effects, FactorValues, Noise, Role
from hpo_core.effects.ranks import beside_ranks, ranks_of
from hpo_core.effects.smooth import (
    Smooth,
    about_the_design,
    correlation_words,
    judge,
    smooth_design,
    values_of,
    winner_of,
)
from hpo_core.effects.spread import spread_of
from hpo_core.effects.values import Judging, summarise_values
from hpo_core.effects.verdicts import unequal_noise
from hpo_core.effects.warn import (
    collapsed_counted,
    collapsed_left_out,
    failure_warnings,
    grid_warnings,
    noise_warnings,
    nothing_counted,
    order_warning,
)
from hpo_core.effects.winner import find_winner
from hpo_core.effects.wiring import Wiring, wiring_of
from hpo_core.plan.metrics import direction_of, known_metric, range_of


def analyse(
    results: Results,
    *,
    metric: str,
    interactions: int = 2,
    one_replicate_noise: bool = False,
    without_collapsed: bool = False,
    maximise: bool | None = None,
    role: Role = "objective",
) -> Effects:
    """Say what matters for ``metric``, whose values are ``results.y``, and what is noise.

    ``interactions`` is the largest number of hyperparameters whose interaction is tested (1: main effects only).
    ``one_replicate_noise`` takes the interactions above those as the noise where no trial has two replicates.
    ``without_collapsed`` leaves trainings out that predict the same for every example. ``maximise`` says that more
    is better; by default the table of metrics tells. ``role`` says whether the metric is the session's objective,
    another, or what a training costs: by a cost, no value is offered for dropping. Raises ``ValueError`` for
    ``interactions`` below 1.
    """
    if interactions < 1:
        raise ValueError(f"interactions is {interactions}; give 1 or more")
    better = direction_of(metric) == "max" if maximise is None else maximise
    if "accuracy" in metric and (results.val_metric is None or not np.isfinite(results.val_metric).any()):
        results = replace(results, val_metric=results.y)
    failures = classify(results)
    wiring = wiring_of(results)
    counted = results.counted()
    collapsed = counted & _are_collapsed(failures)
    count = int(collapsed.sum())
    options = _Options(metric, better, interactions, one_replicate_noise, without_collapsed, role)
    warnings = [*(str(fault) for fault in wiring), *failure_warnings(failures)]
    if without_collapsed:
        left_out = [collapsed_left_out(failures, count)] if count else []
        found = _judge(results, counted & ~collapsed, options, failures, wiring, [*left_out, *warnings])
        return replace(found, collapsed_left_out=count)
    found = _judge(results, counted, options, failures, wiring, warnings)
    if not count:
        return found
    left = replace(options, without_collapsed=True)
    without = _judge(results, counted & ~collapsed, left, failures, wiring, [])
    warning = collapsed_counted(failures, count, found.effects, without.effects, without.n)
    first = len(unequal_noise(found.local)) + len(wiring)
    return replace(
        found,
        without_collapsed=replace(without, collapsed_left_out=count),
        warnings=(*found.warnings[:first], warning, *found.warnings[first:]),
    )


class _Options(Struct, frozen=True):
    metric: str
    maximise: bool
    interactions: int
    one_replicate_noise: bool
    without_collapsed: bool
    role: Role


def _are_collapsed(failures: Failures) -> Bools:
    return np.asarray([name == "collapsed" for name in failures.classes], dtype=bool)


def _judge(
    results: Results,
    chosen: Bools,
    options: _Options,
    failures: Failures,
    wiring: tuple[Wiring, ...],
    warnings: list[str],
) -> Effects:
    """Analyse the chosen trainings; ``warnings`` are those known before."""
    rows = results.only(chosen if not results.incomparable else np.zeros_like(chosen))
    nothing = Effects(
        metric=options.metric,
        maximise=options.maximise,
        shown_epoch=results.shown_epoch,
        n=0,
        trials=0,
        noise=Noise(NAN, 0, "none"),
        effects=tuple(nothing_to_compare(factor.name) for factor in results.factors),
        block=None,
        higher=None,
        values=tuple(FactorValues(factor.name, (), (), ()) for factor in results.factors),
        best=None,
        failures=failures,
        wiring=wiring,
        frontier=None,
        notes=(),
        warnings=(*warnings, results.incomparable or nothing_counted(results, failures, options.metric)),
        incomparable=results.incomparable,
        role=options.role,
        look=results.look,
    )
    if not len(rows):
        return nothing
    if (design := smooth_design(rows)) is not None:
        return _without_grid(nothing, design, warnings)
    cells = cells_of(rows)
    asked = (rows.factors, options.interactions, options.one_replicate_noise, results.look)
    anova = analyse_variance(cells, *asked)
    on_ranks = analyse_variance(cells_of(rows.measured(ranks_of(rows.y))), *asked, seen=False)
    spread = spread_of(cells, anova)
    unscored = unscored_of(results, failures, options.without_collapsed)
    known = known_metric(options.metric)
    by_nature = options.role == "cost" or (known is not None and known.same_each_time)
    ends = _ends(options.metric, rows.y)
    judging = Judging(anova, spread, unscored, options.maximise, ends, options.role != "cost")
    shape = [
        *grid_warnings(cells, rows),
        *order_warning(cells, anova, options.interactions),
        *noise_warnings(cells, anova, options.interactions, by_nature),
    ]
    return replace(
        nothing,
        n=cells.n,
        trials=len(cells.codes),
        noise=anova.noise,
        effects=beside_ranks(anova.effects, on_ranks.effects),
        block=anova.block,
        higher=anova.higher,
        values=summarise_values(cells, rows.factors, judging),
        best=find_winner(cells, rows, spread, options.maximise, unscored),
        frontier=frontier(cells, rows, spread, options.maximise),
        notes=tuple(epoch_words(rows, options.metric, options.maximise)),
        warnings=(*unequal_noise(spread.local), *warnings, *shape),
        local=spread.local,
        alpha=anova.alpha,
    )


def _without_grid(nothing: Effects, design: Smooth, warnings: list[str]) -> Effects:
    """Fill in what a design without a grid can tell."""
    effects, noise, together = judge(design, design.y)
    on_ranks, _, _ = judge(design, ranks_of(design.y))
    real = [line.factors[0] for line in effects if line.real]
    return replace(
        nothing,
        n=len(design.results),
        trials=len(design.y),
        noise=noise,
        effects=beside_ranks(effects, on_ranks),
        values=values_of(design, nothing.maximise),
        best=winner_of(design, nothing.maximise),
        notes=tuple(correlation_words(design, nothing.metric, real)),
        warnings=(*warnings, about_the_design(design, together)),
    )


def _ends(metric: str, y: Floats) -> tuple[float, float]:
    """Return the least and the most that the metric can be, by its name unless its values belie it."""
    low, high = range_of(metric)
    return (low, high) if np.all((low <= y) & (y <= high)) else (low if np.all(low <= y) else -np.inf, np.inf)
