"""``effects``: which hyperparameters matter, and which differences are noise."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click
import numpy as np

from hpo_core.results.loss_groups import apart_words, loss_columns, loss_words, losses_apart
from hpo_core.results.measure import measure_of
from hpo_core.session.damage import mixed_data
from hpo_core.text import clean, format_value
from hpo_tui.commands.options import common_options, json_option, print_json
from hpo_tui.commands.view_options import View, chosen_metric, in_view
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.look.tables import PAGE_WIDTH, VALUES_SHOWN, aligned

if TYPE_CHECKING:
    from hpo_core.effects import Effect, Effects, ValueSummary

NAME_WIDTH, VALUE_WIDTH = 28, 24
VARIANCE = "variance"
MANY_LINES = 30
"""Of more effects than this, those with the least p are printed."""


@click.command()
@in_view
@click.option("--metric", metavar="M", help="Another than the objective's; also seconds, images/s, parameters.")
@click.option("--epoch", type=click.Choice(["last", "best"]), default="last", show_default=True,
              help="The epoch of each training at which the metric is read.")  # fmt: skip
@click.option("--interactions", type=click.IntRange(1, 6), default=2, show_default=True, metavar="N",
              help="Test what up to N hyperparameters do together.")  # fmt: skip
@click.option("--without-collapsed", is_flag=True, help="Leave collapsed trainings out.")
@click.option("--one-replicate-noise", is_flag=True,
              help="With one replicate: take the highest interactions as the noise.")  # fmt: skip
@json_option
@common_options
def effects(
    view: View,
    metric: str | None,
    epoch: str,
    interactions: int,
    without_collapsed: bool,
    one_replicate_noise: bool,
    as_json: bool,
) -> None:
    """Say which hyperparameters matter, and which differences are noise.

    An analysis of variance over the trainings in view; what replicates of one trial differ by is the noise.
    """
    from hpo_core.effects.effects_json import to_object
    from hpo_core.results.analysis import analyse_session, probes_in_words

    name, grid = chosen_metric(view.snapshot, metric), view.snapshot.spec.grid
    measure = measure_of(view.snapshot, name, "best" if epoch == "best" else "last")
    find = partial(
        analyse_session,
        view.snapshot,
        measure,
        interactions=interactions,
        one_replicate_noise=one_replicate_noise,
        without_collapsed=without_collapsed,
    )
    codes, columns = losses_apart(grid, measure, view.mask), loss_columns(grid, measure, view.mask)
    within = {}
    for number in [] if codes is None else np.unique(codes[view.mask]).tolist():
        seen = view.mask & (codes == number)
        within[loss_words(grid, columns, int(seen.argmax()) + 1)] = find(seen)
    if as_json:
        bare = {loss.removeprefix("loss "): to_object(found) for loss, found in within.items()}
        apart = {"within_loss": bare} if within else {}
        of_data = {"data": dict(view.snapshot.fingerprints)} if mixed_data(view.snapshot) else {}
        probes = {"probes": probes_in_words(view.snapshot)}
        print_json(to_object(find(view.mask)) | probes | apart | of_data)
        return
    if mixed := mixed_data(view.snapshot):
        click.echo(textwrap.fill(clean(mixed), PAGE_WIDTH, subsequent_indent="  "))
    if not within:
        click.echo("\n".join(page(find(view.mask))))
        return
    click.echo(textwrap.fill(apart_words(view.snapshot, measure, view.mask), PAGE_WIDTH, subsequent_indent="  "))
    for loss, found in within.items():
        click.echo("\n".join(["", f"Within {loss}:", *page(found)]))


def page(found: Effects) -> Iterator[str]:
    """Yield the page's lines: the words, the analysis of variance, each value, score against time."""
    from hpo_core.effects.words import sentences

    for sentence in sentences(found):
        yield textwrap.fill(clean(sentence), PAGE_WIDTH, subsequent_indent="  ")
    values = _values(found)
    for table, figures in (
        (_variance(found), 4),
        (values, len(values[0]) - 2 if values else 0),
        (_front(found), 2),
    ):
        if table:
            yield ""
            yield from aligned(table, right=range(1, figures + 1))
        if table and table[0][0] == VARIANCE and sum(1 for line in found.effects if line.p == line.p) > 1:
            yield "p is of one test; the verdicts go by p corrected for all (Holm), in --json."


def _variance(found: Effects) -> list[list[str]]:
    if not any(line.df for line in found.effects):
        return []
    known = found.noise.known
    rows = [[VARIANCE, "omega²" if known else "eta²", "df", "F", "p", "verdict"]]
    shown = (
        sorted(found.effects, key=lambda line: (line.p != line.p, line.p))
        if len(found.effects) > MANY_LINES
        else found.effects
    )
    for line in shown[:MANY_LINES]:
        share = line.omega_sq if known else line.eta_sq
        rows.append([_name(line), _percent(share), str(line.df), _figure(line.f), _p(line.p), line.verdict])
    if shown[MANY_LINES:]:
        rows.append([f"{len(shown) - MANY_LINES:,} more, in --json", "", "", "", "", ""])
    return rows


def _values(found: Effects) -> list[list[str]]:
    values = [value for factor in found.values for value in factor.values]
    decimals = decimals_for(value.mean for value in values)
    adjusted = any(value.adjusted == value.adjusted for value in values)
    rows = [["values", "n", "mean", "95 % interval", *(["adjusted"] if adjusted else []), "from best", ""]]
    for factor in found.values:
        if not factor.values:
            continue
        rows.append([clean(factor.name, VALUE_WIDTH + 2), *[""] * (len(rows[0]) - 1)])
        if len(factor.values) > VALUES_SHOWN:
            rows.append([f"  {len(factor.values):,} values", *[""] * (len(rows[0]) - 1)])
            continue
        best = next((value for value in factor.values if value.is_best), None)
        for value in factor.values:
            interval = f"{metric_text(value.low, decimals)} to {metric_text(value.high, decimals)}"
            rows.append(
                [
                    f"  {clean(format_value(value.value), VALUE_WIDTH)}",
                    f"{value.n:,}",
                    metric_text(value.mean, decimals),
                    value.no_score or (interval if value.low == value.low else ""),
                    *([metric_text(value.adjusted, decimals)] if adjusted else []),
                    "" if value.is_best or value.no_score else metric_text(value.difference, decimals),
                    _remark(value, best, factor.telling),
                ]
            )
    return rows if values else []


def _front(found: Effects) -> list[list[str]]:
    front = found.frontier
    if front is None or found.metric == "seconds":
        return []
    decimals = decimals_for(point.score for point in front.points)
    rows = [["none is both better and faster", "score", "seconds", "values"]]
    for point in front.points:
        values = " · ".join(format_value(value) for value in point.values.values())
        rows.append([f"trial {point.trial}", metric_text(point.score, decimals), f"{point.cost:.3g}", values])
    return rows


def _remark(value: ValueSummary, best: ValueSummary | None, telling: bool) -> str:
    if value.no_score:
        return "droppable" if value.can_drop else ""
    if not telling or best is None:
        return ""
    if value.is_best:
        return "best"
    if value.can_drop:
        return "droppable"
    return "≈ best" if set(value.alike) & set(best.alike) else ""


def _name(line: Effect) -> str:
    return clean(" × ".join(line.factors), NAME_WIDTH)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share == share else "–"


def _figure(number: float) -> str:
    return f"{number:.4g}" if number == number else "–"


def _p(p: float) -> str:
    return "–" if p != p else "< 0.0001" if p < 1e-4 else f"{p:.4f}"
