"""``compare``: several sessions as one ranking, and each value's mean in each session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from hpo_tui.commands.options import common_options, json_option, print_json, sessions_argument
from hpo_tui.commands.show import TOP
from hpo_tui.desk.comparison import named, ranking_table, said_lines, value_lines
from hpo_tui.look.tables import PAGE_WIDTH

if TYPE_CHECKING:
    from hpo_core.results.compare import Comparison
    from hpo_core.session.paths import SessionFolder


@click.command()
@sessions_argument
@click.option("--metric", metavar="M", help="Another than the first session's objective.")
@click.option("--top", type=click.IntRange(1), default=TOP, show_default=True, help="Trials in the ranking.")
@json_option
@common_options
def compare(folders: tuple[SessionFolder, ...], metric: str | None, top: int, as_json: bool) -> None:
    """Rank the trials of several sessions together.

    For sessions that share hyperparameters and a metric: one ranking of all their trials, and the mean of each
    value in each session.
    """
    from hpo_core.results.compare import compare as compared
    from hpo_core.session.opening import read_session

    found = compared({name: read_session(folder) for name, folder in named(folders).items()}, metric)
    if as_json:
        print_json(as_object(found))
    else:
        click.echo("\n".join(page(found, top)))


def page(found: Comparison, top: int) -> Iterator[str]:
    """Yield the page's lines: what is compared, the notes, the ranking, the values."""
    yield from said_lines(found, PAGE_WIDTH)
    yield ""
    if not found.ranking:
        yield "No trial has a result yet."
        return
    table, ends = ranking_table(found, top, PAGE_WIDTH, "--json has all")
    yield from (*table, *ends)
    yield from ("", *value_lines(found, PAGE_WIDTH))


def as_object(found: Comparison) -> dict[str, Any]:
    """Return the comparison as one JSON object; ``rank`` is the place in ``ranking``."""
    count = len(found.sessions)

    def of_sessions(name: str, row: int) -> dict[str, Any]:
        scores = found.means[name]
        return {
            session: {
                "mean": float(scores.mean[row * count + at]) if scores.n[row * count + at] else None,
                "trials": int(scores.n[row * count + at]),
            }
            for at, session in enumerate(found.sessions)
        }

    return {
        "metric": found.measure.metric,
        "direction": found.measure.better,
        "sessions": dict(zip(found.sessions, found.scored, strict=True)),
        "notes": list(found.notes),
        "ranking": [
            {
                "rank": place,
                "session": entry.session,
                "trial": entry.trial,
                "values": dict(entry.values),
                "mean": entry.mean,
                "sd": entry.sd if entry.sd == entry.sd else None,
                "n": entry.n,
            }
            for place, entry in enumerate(found.ranking, 1)
        ],
        "values": {
            name: [{"value": value, "sessions": of_sessions(name, row)} for row, value in enumerate(values)]
            for name, values in found.values.items()
        },
    }
