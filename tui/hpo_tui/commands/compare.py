"""``compare``: several sessions as one ranking, and each value's mean in each session."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hpo_core.text import clean, format_value, joined, listed, plural
from hpo_tui.commands.options import (
    PAGE_WIDTH,
    VALUES_SHOWN,
    common_options,
    json_option,
    path_in_words,
    print_json,
    sessions_argument,
)
from hpo_tui.commands.show import TOP, aligned, score_text, short_value
from hpo_tui.look.numbers import decimals_for, metric_text

if TYPE_CHECKING:
    from hpo_core.results.compare import Comparison
    from hpo_core.session.paths import SessionFolder

NAME_WIDTH = 24


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


def named(folders: Sequence[SessionFolder]) -> dict[str, SessionFolder]:
    """Return the folders, each once, by name; by path where two have the same name."""
    each: dict[Path, SessionFolder] = {folder.path.resolve(): folder for folder in folders}
    names = [folder.name for folder in each.values()]
    return {
        folder.name if names.count(folder.name) == 1 else path_in_words(path): folder
        for path, folder in each.items()
    }


def page(found: Comparison, top: int) -> Iterator[str]:
    """Yield the page's lines: what is compared, the notes, the ranking, the values."""
    counts = zip(found.sessions, found.scored, strict=True)
    said = [
        f"{found.measure.arrow} {clean(found.measure.words)}: "
        + ", ".join(f"{plural(count, 'trial')} of {name}" for name, count in counts),
        *found.notes,
    ]
    for sentence in said:
        yield from textwrap.wrap(sentence, PAGE_WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    yield ""
    if not found.ranking:
        yield "No trial has a result yet."
        return
    yield from _ranking(found, top)
    for few in _side_by_side(found.sessions):
        yield ""
        yield from _values(found, few)


def _ranking(found: Comparison, top: int) -> Iterator[str]:
    """The best trials, with as many whole columns of values as a page has room for; the others are named."""
    shown = found.ranking[:top]
    decimals = decimals_for(entry.mean for entry in found.ranking)
    table = [["", "session", "trial", clean(found.measure.metric, 24), "n"]]
    for place, entry in enumerate(shown, 1):
        score = score_text(entry.mean, entry.sd, decimals)
        table.append([str(place), clean(entry.session, NAME_WIDTH), str(entry.trial), score, str(entry.n)])
    room = PAGE_WIDTH - len(table[0]) * 2 + 2 - sum(max(map(len, column)) for column in zip(*table, strict=True))
    alike, left = {}, []
    for name in found.values:
        cells = [clean(name, 24), *(short_value(entry.values[name]) for entry in shown)]
        width = max(map(len, cells)) + 2
        if len(shown) > 1 and len(set(cells[1:])) == 1:
            alike[name] = shown[0].values[name]
        elif width <= room:
            room -= width
            table = [[*row, cell] for row, cell in zip(table, cells, strict=True)]
        else:
            left.append(cells[0])
    yield from aligned(table, right=(0, 2, 4))
    if len(found.ranking) > top:
        yield f"… and {plural(len(found.ranking) - top, 'trial')} more"
    ends = [f"All of these have {listed(alike)}."] if alike else []
    ends += [f"No room here for {joined(left)}; --json has all."] if left else []
    for sentence in ends:
        yield from textwrap.wrap(sentence, PAGE_WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _side_by_side(sessions: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of as many sessions as have room beside each other."""
    room = max(1, (PAGE_WIDTH - 30) // (max(14, *(min(len(name), NAME_WIDTH) for name in sessions)) + 2))
    for first in range(0, len(sessions), room):
        yield list(range(len(sessions)))[first : first + room]


def _values(found: Comparison, sessions: Sequence[int]) -> list[str]:
    """Each value's mean over the trials of each of these sessions, and of how many trials."""
    count = len(found.sessions)
    decimals = decimals_for(entry.mean for entry in found.ranking)
    blank = [""] * len(sessions)
    table = [["mean (trials)", *(clean(found.sessions[at], NAME_WIDTH) for at in sessions)]]
    for name, values in found.values.items():
        table.append([clean(name, 28), *blank])
        if len(values) > VALUES_SHOWN:
            ends = f"{short_value(values[0])} … {short_value(values[-1])}"
            table.append([clean(f"  {len(values):,} values: {ends}", 28), *blank])
            continue
        scores = found.means[name]
        for row, value in enumerate(values):
            places = [row * count + at for at in sessions]
            cells = [
                f"{metric_text(scores.mean[place], decimals)} ({scores.n[place]})" if scores.n[place] else "–"
                for place in places
            ]
            table.append([f"  {clean(format_value(value), 26)}", *cells])
    return aligned(table, right=range(1, len(sessions) + 1))


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
