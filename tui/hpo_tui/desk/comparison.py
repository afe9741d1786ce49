"""Several sessions side by side, in lines of text: a ranking of all trials, each value's mean in each session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from hpo_core.text import clean, format_value, joined, listed, plural
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.look.tables import VALUES_SHOWN, aligned, score_text, short_value

if TYPE_CHECKING:
    from hpo_core.results.compare import Comparison
    from hpo_core.session.paths import SessionFolder

NAME_WIDTH = 24


def named(folders: Sequence[SessionFolder]) -> dict[str, SessionFolder]:
    """Return the folders, each once, by name; by path where two have the same name."""
    each: dict[Path, SessionFolder] = {folder.path.resolve(): folder for folder in folders}
    names = [folder.name for folder in each.values()]
    return {folder.name if names.count(folder.name) == 1 else clean(path): folder for path, folder in each.items()}


def said_lines(found: Comparison, width: int) -> list[str]:
    """Return what is compared, and what the sessions do not have alike."""
    counts = zip(found.sessions, found.scored, strict=True)
    said = [
        f"{found.measure.arrow} {clean(found.measure.words)}: "
        + ", ".join(f"{plural(count, 'trial')} of {name}" for name, count in counts),
        *found.notes,
    ]
    return _wrapped(said, width)


def _wrapped(sentences: Sequence[str], width: int) -> list[str]:
    return [
        line
        for sentence in sentences
        for line in wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)
    ]


def ranking_table(found: Comparison, top: int, width: int, else_where: str) -> tuple[list[str], list[str]]:
    """Return a heading and the ``top`` best trials, a line each, and sentences on what is not among the columns.

    There are as many whole columns of values as there is room for; ``else_where`` says where the others are.
    """
    shown = found.ranking[:top]
    decimals = decimals_for(entry.mean for entry in found.ranking)
    table = [["", "session", "trial", clean(found.measure.metric, 24), "n"]]
    for place, entry in enumerate(shown, 1):
        score = score_text(entry.mean, entry.sd, decimals)
        table.append([str(place), clean(entry.session, NAME_WIDTH), str(entry.trial), score, str(entry.n)])
    room = width - len(table[0]) * 2 + 2 - sum(max(map(len, column)) for column in zip(*table, strict=True))
    alike, left = {}, []
    for name in found.values:
        cells = [clean(name, 24), *(short_value(entry.values[name]) for entry in shown)]
        size = max(map(len, cells)) + 2
        if len(shown) > 1 and len(set(cells[1:])) == 1:
            alike[name] = shown[0].values[name]
        elif size <= room:
            room -= size
            table = [[*row, cell] for row, cell in zip(table, cells, strict=True)]
        else:
            left.append(cells[0])
    more = len(found.ranking) - top
    ends = [f"… and {plural(more, 'trial')} more"] if more > 0 else []
    ends += [f"All of these have {listed(alike)}."] if alike else []
    ends += [f"No room here for {joined(left)}; {else_where}."] if left else []
    return aligned(table, right=(0, 2, 4), width=width), _wrapped(ends, width)


def value_lines(found: Comparison, width: int) -> list[str]:
    """Return a table of each value's mean in each session; of more sessions than fit, one below the other."""
    tables = [_values(found, few, width) for few in _side_by_side(found.sessions, width)]
    return [line for number, table in enumerate(tables) for line in ([""] if number else []) + table]


def _side_by_side(sessions: Sequence[str], width: int) -> Iterator[list[int]]:
    """Yield the places of as many sessions as have room beside each other."""
    room = max(1, (width - 30) // (max(14, *(min(len(name), NAME_WIDTH) for name in sessions)) + 2))
    for first in range(0, len(sessions), room):
        yield list(range(len(sessions)))[first : first + room]


def _values(found: Comparison, sessions: Sequence[int], width: int) -> list[str]:
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
    return aligned(table, right=range(1, len(sessions) + 1), width=width)
