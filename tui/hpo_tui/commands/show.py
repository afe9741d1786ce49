"""``show``: a session's progress, ranking, values and failures on one page, or as one JSON object."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

import click
import numpy as np
from numpy.typing import NDArray

from hpo_core.effects.answer import BETWEEN, COLLAPSE_KEY, SoFar, answer, fitted
from hpo_core.results.analysis import analyse_session, collapsed_trainings, session_wiring
from hpo_core.results.in_view import hidden_values
from hpo_core.results.levels import levels_of
from hpo_core.results.loss_groups import apart_words, loss_columns, losses_apart
from hpo_core.results.measure import measure_of
from hpo_core.results.show_json import show_json
from hpo_core.results.table import means, standing, table_of
from hpo_core.session.damage import damage_in_words
from hpo_core.session.lineage import parent_of
from hpo_core.session.note import read_note
from hpo_core.session.snapshot import Snapshot, session_status
from hpo_core.text import clean, format_seconds, format_value, plural
from hpo_tui.commands.options import (
    common_options,
    json_option,
    path_in_words,
    print_json,
)
from hpo_tui.commands.sentences import counts_in_words, outcome_in_words, values_in_words
from hpo_tui.commands.view_options import View, in_view
from hpo_tui.look.numbers import decimals_for
from hpo_tui.look.tables import PAGE_WIDTH, VALUES_SHOWN, aligned, score_text, short_value

TOP = 10
FAILURES_SHOWN = 10
_ALL = 1000
"""Cells in which every part of the answer is said whole."""


@click.command()
@in_view
@click.option("--top", type=click.IntRange(1), default=TOP, show_default=True, help="Trials in the ranking.")
@json_option
@common_options
def show(view: View, top: int, as_json: bool) -> None:
    """Print progress, ranking and failures of a session on one page."""
    if as_json:
        told = show_json(view.folder.name, view.snapshot, view.mask, view.engine_runs, view.held)
        parent = parent_of(view.snapshot)
        note = read_note(view.folder) or None
        print_json({**told, "parent": parent.name if parent else None, "note": note})
    else:
        click.echo("\n".join(page(view, top)))


def page(view: View, top: int = TOP) -> list[str]:
    """Return the page's lines."""
    heading = list(_heading(view))
    if not view.mask.any():
        nothing = "No trial is in view." if len(view.mask) else "Its plan adds the trials while it trains."
        return [*heading, "", nothing]
    lines = [*heading[:2], *_answer(view), *heading[2:], ""]
    lines += ranking_lines(view.snapshot, top, view.mask)
    lines += ["", *_values(view)]
    if failures := list(_failures(view)):
        lines += ["", *failures]
    return lines


def _heading(view: View) -> Iterator[str]:
    snapshot, objective = view.snapshot, view.snapshot.spec.objective
    status = session_status(snapshot, view.engine_runs, view.held)
    took = f", in {format_seconds(snapshot.time - snapshot.began)}" if snapshot.began and snapshot.engine else ""
    yield f"{view.folder.name}  {status}  {objective.arrow} {clean(objective.metric)}, last epoch"
    yield f"{counts_in_words(snapshot)}{took}"
    if view.held:
        yield clean(view.held)
    elif snapshot.paused is not None and view.engine_runs:
        yield f"The queue is paused: {clean(snapshot.paused)}"
    if (parent := parent_of(snapshot)) is not None:
        yield f"refined from {clean(parent.name)}"
    if noted := read_note(view.folder):
        yield from textwrap.wrap(f"note: {noted}", PAGE_WIDTH, subsequent_indent="  ")
    if damage := damage_in_words(snapshot):
        yield clean(damage)
    for number, line in enumerate(snapshot.data.said if snapshot.data is not None else ()):
        yield from textwrap.wrap(
            f"{'  ' if number else 'data: '}{clean(line)}", PAGE_WIDTH, subsequent_indent="  "
        )
    for note in snapshot.notes:
        if note.level != "info":
            yield f"{note.level}: {clean(note.text)}"
    if collapsed := _collapsed(view):
        counted = f"{plural(collapsed, 'collapsed training')} counted"
        yield f"{counted}; effects --without-collapsed leaves them out."
    for found in session_wiring(snapshot):
        level = "warning" if found.fault else "note"
        yield from textwrap.wrap(f"{level}: {found}", PAGE_WIDTH, subsequent_indent="  ")
    if not view.mask.all():
        hidden = ", ".join(_hidden(view))
        yield f"{view.mask.sum()} of {plural(len(view.mask), 'trial')} in view" + (
            f"; out of view: {hidden}" if hidden else ""
        )


def _answer(view: View) -> Iterator[str]:
    """What the screen says below its header, in as many lines as it takes: commands stand there for its keys."""
    snapshot, trainable = view.snapshot, view.snapshot.spec.trainable
    effects = analyse_session(snapshot, measure_of(snapshot), view.mask)
    so_far = SoFar(snapshot.ended, snapshot.trainings, bool(view.engine_runs) and not snapshot.finished, trainable)
    use = f"hpo-tui use {shlex.quote(clean(view.folder.name))}"
    if effects.best is not None and not view.mask.all():  # the whole session may have another best
        use += f" --trial {effects.best.best.trial}"
    parts = fitted(answer(effects, so_far), _ALL)
    said = (
        f"next: {use if part.step == 'use' else text}" if part.step else text.removesuffix(f" ({COLLAPSE_KEY})")
        for part, text in parts
    )
    yield from textwrap.wrap(BETWEEN.join(said), PAGE_WIDTH, subsequent_indent="  ")


def _hidden(view: View) -> Iterator[str]:
    """What is out of view: whole lines of values, single values of others, single trials."""
    grid, trim = view.snapshot.spec.grid, view.trim
    for levels, out in zip(levels_of(grid), hidden_values(grid, trim), strict=True):
        whole, name = levels.within(out), clean(levels.name)
        yield from (f"{name}={label}" for label, gone in zip(levels.labels, whole, strict=True) if gone)
        for value, line in zip(levels.factor.values, levels.of, strict=True):
            if trim.hides(levels.name, value) and not whole[line]:
                yield f"{name}={format_value(value)}"
    yield from (f"trial {number}" for number in sorted(trim.dropped))


def _collapsed(view: View) -> int:
    """Return how many trainings in view have collapsed; their scores are in every mean."""
    return sum(bool(view.mask[key.trial - 1]) for key in collapsed_trainings(view.snapshot))


def ranking_lines(snapshot: Snapshot, top: int, seen: NDArray[np.bool_] | None = None) -> list[str]:
    """Return the best trials as an aligned table with a heading; ``seen`` marks those in view, else all are."""
    results, measure, grid = table_of(snapshot), measure_of(snapshot), snapshot.spec.grid
    scores, within = results.scores(measure), losses_apart(grid, measure, seen)
    mean = scores.mean if seen is None else np.where(seen, scores.mean, np.nan)
    stands = standing(mean, measure.better, within)
    scored = int(np.isfinite(mean).sum())
    if not scored:
        return ["No trial has a result yet."]
    decimals = decimals_for(mean)
    complete, asked = results.count("complete"), results.counts.sum(axis=1)
    table = [["", "trial", clean(measure.metric, 24), "n", *(clean(name, 24) for name in grid.names)]]
    for place, row in enumerate(np.argsort(stands, kind="stable")[: min(top, scored)].tolist(), 1):
        score = score_text(mean[row], scores.sd[row], decimals)
        values = map(short_value, grid[row + 1].values.values())
        rank = place if within is None else int(stands[row])
        table.append([str(rank), str(row + 1), score, f"{complete[row]}/{asked[row]}", *values])
    lines = aligned(table, right=(0, 1, 3))
    if scored > top:
        lines.append(f"… and {plural(scored - top, 'trial')} more")
    apart = apart_words(snapshot, measure, seen)
    return [*textwrap.wrap(apart, PAGE_WIDTH, subsequent_indent="  "), *lines]


def _values(view: View) -> Iterator[str]:
    """Each hyperparameter's values: trials with a score, their mean ± sd, trainings that failed or diverged."""
    results, measure, grid = table_of(view.snapshot), measure_of(view.snapshot), view.snapshot.spec.grid
    scores = results.scores(measure).mean
    scored = view.mask & np.isfinite(scores)
    apart = loss_columns(grid, measure, view.mask)
    decimals = decimals_for(scores[view.mask])
    table = [["mean over the trials in view", "trials", clean(measure.metric, 24), "failed or diverged"]]
    hidden = hidden_values(grid, view.trim)
    for column, factor in enumerate(levels_of(grid)):
        table.append([clean(factor.name, 30), "", "", ""])
        codes, count = factor.of[grid.codes[:, column]], len(factor.groups)
        out = factor.within(hidden[column])
        found = means(codes[scored], scores[scored], count)
        failed = np.bincount(codes[view.mask], results.failed[view.mask], count).astype(int)
        if count > VALUES_SHOWN:
            ends = f"{short_value(factor.groups[0][0], 6)} … {short_value(factor.groups[-1][0], 6)}"
            cells = [str(scored.sum()), "", str(failed.sum() or "")]
            table.append([clean(f"  {count:,} values: {ends}", 34), *cells])
            continue
        for at, label in enumerate(factor.labels):
            cells = [str(found.n[at]), score_text(found.mean[at], found.sd[at], decimals), str(failed[at] or "")]
            if apart not in ((), (column,)) or (apart and factor.gathered):
                cells[1] = "several losses"
            if out[at]:
                cells = ["", "out of view", ""]
            table.append([f"  {clean(label, 28)}", *cells])
    return iter(aligned(table, right=(1, 3)))


def _failures(view: View) -> Iterator[str]:
    results = table_of(view.snapshot)
    rows = np.flatnonzero(results.having(("failed", "diverged")) & view.mask[results.trial - 1])
    order = np.lexsort((results.replicate[rows], results.trial[rows]))
    failed = [results.entries[row] for row in rows[order].tolist()]
    if not failed:
        return
    yield "Without a result:"
    for entry in failed[:FAILURES_SHOWN]:
        values = values_in_words(view.snapshot.spec.grid[entry.key.trial].values)
        said = f"  {entry.key}  {outcome_in_words(entry)}"  # wrapped, not cut: the shape stands at the end
        yield from textwrap.wrap(said, PAGE_WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        yield clean(f"    {values}", PAGE_WIDTH)
    if len(failed) > FAILURES_SHOWN:
        yield f"  … and {len(failed) - FAILURES_SHOWN:,} more; --json has them all"
    if view.folder.logs.is_dir():
        yield f"Logs: {path_in_words(view.folder.logs)}"
