"""``show``: a session's progress, ranking, values and failures on one page, or as one JSON object."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import click

from hpo_core.results.analysis import collapsed_trainings, session_wiring
from hpo_core.results.table import TrialResult, mean_and_sd, ranking, show_json, trial_results
from hpo_core.session.damage import damage_in_words
from hpo_core.session.snapshot import Snapshot, session_status
from hpo_core.text import clean, format_seconds, format_value, plural
from hpo_tui.commands.options import PAGE_WIDTH, json_option, path_in_words, print_json, sessions_option
from hpo_tui.commands.sentences import counts_in_words, outcome_in_words, values_in_words
from hpo_tui.commands.view import View, in_view
from hpo_tui.look.numbers import decimals_for, metric_text

TOP = 10
FAILURES_SHOWN = 10


@click.command()
@in_view
@click.option("--top", type=click.IntRange(1), default=TOP, show_default=True, help="Trials in the ranking.")
@json_option
@sessions_option
def show(view: View, top: int, as_json: bool) -> None:
    """Print progress, ranking and failures of a session on one page."""
    if as_json:
        print_json(show_json(view.folder.name, view.snapshot, view.trim, view.where, view.engine_runs))
    else:
        click.echo("\n".join(page(view, top)))


def page(view: View, top: int = TOP) -> list[str]:
    """Return the page's lines."""
    lines = [*_heading(view), ""]
    if not view.trials:
        return [*lines, "No trial is in view."]
    lines += ranking_lines(view.snapshot, top, view.trials)
    lines += ["", *_values(view)]
    if failures := list(_failures(view)):
        lines += ["", *failures]
    return lines


def _heading(view: View) -> Iterator[str]:
    snapshot, objective = view.snapshot, view.snapshot.spec.objective
    status = session_status(snapshot, view.engine_runs)
    took = f", in {format_seconds(snapshot.time - snapshot.began)}" if snapshot.began and snapshot.engine else ""
    yield f"{view.folder.name}  {status}  {objective.arrow} {clean(objective.metric)}, last epoch"
    yield f"{counts_in_words(snapshot)}{took}"
    if snapshot.paused is not None and view.engine_runs:
        yield f"The queue is paused: {clean(snapshot.paused)}"
    if damage := damage_in_words(snapshot):
        yield clean(damage)
    for note in snapshot.notes:
        if note.level != "info":
            yield f"{note.level}: {clean(note.text)}"
    if collapsed := _collapsed(view):
        counted = f"{plural(collapsed, 'collapsed training')} counted"
        yield f"{counted}; effects --without-collapsed leaves them out."
    for fault in session_wiring(snapshot):
        yield from textwrap.wrap(f"warning: {fault}", PAGE_WIDTH, subsequent_indent="  ")
    trials = len(snapshot.spec.grid)
    if len(view.trials) < trials:
        hidden = ", ".join(
            f"{clean(name)}={format_value(value)}" for name, value in sorted(view.trim.hidden, key=str)
        )
        yield f"{len(view.trials)} of {plural(trials, 'trial')} in view" + (
            f"; out of view: {hidden}" if hidden else ""
        )


def _collapsed(view: View) -> int:
    """Return how many trainings in view have collapsed; their scores are in every mean."""
    seen = {row.number for row in view.trials}
    return sum(key.trial in seen for key in collapsed_trainings(view.snapshot))


def ranking_lines(snapshot: Snapshot, top: int, trials: Sequence[TrialResult] | None = None) -> list[str]:
    """Return the best trials as an aligned table with a heading; ``trials`` are those in view, else all."""
    objective = snapshot.spec.objective
    name = objective.metric
    rows = ranking(trial_results(snapshot) if trials is None else trials, objective)
    scored = [row for row in rows if row.mean.get(name) is not None]
    if not scored:
        return ["No trial has a result yet."]
    decimals = decimals_for(row.mean[name] or 0.0 for row in scored)
    shown = scored[:top]
    scores = [score_text(row.mean[name], row.sd[name], decimals) for row in shown]
    done = [f"{row.count('complete')}/{len(row.replicates)}" for row in shown]
    table = [
        ["", "trial", clean(name, 24), "n", *(clean(key, 24) for key in snapshot.spec.grid.names)],
        *(
            [str(place), str(row.number), score, count, *map(format_value, row.values.values())]
            for place, (row, score, count) in enumerate(zip(shown, scores, done, strict=True), 1)
        ),
    ]
    lines = aligned(table, right=(0, 1, 3))
    if len(scored) > len(shown):
        lines.append(f"… and {plural(len(scored) - len(shown), 'trial')} more")
    return lines


def score_text(mean: float | None, sd: float | None, decimals: int) -> str:
    """Return "0.9661 ± 0.0023", or the mean alone where there is no sd."""
    spread = f" ± {metric_text(sd, decimals)}" if sd is not None else ""
    return f"{metric_text(mean, decimals)}{spread}"


def aligned(table: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return rows of cells as lines of aligned columns, cut at the page's width; ``right`` columns end aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [
            f"{cell:>{width}}" if column in right else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(clean("  ".join(cells).rstrip(), PAGE_WIDTH))
    return lines


def _values(view: View) -> Iterator[str]:
    """Each hyperparameter's values: trials with a score, their mean ± sd, trainings that failed or diverged."""
    metric, grid = view.snapshot.spec.objective.metric, view.snapshot.spec.grid
    decimals = decimals_for(row.mean[metric] or 0.0 for row in view.trials)
    table = [["mean over the trials in view", "trials", clean(metric, 24), "failed or diverged"]]
    for factor in grid.hyperparameters:
        table.append([clean(factor.name, 30), "", "", ""])
        for value in factor.values:
            if view.trim.hides(factor.name, value):
                table.append([f"  {clean(format_value(value), 28)}", "", "out of view", ""])
                continue
            rows = [row for row in view.trials if row.values[factor.name] == value]
            scores = [score for row in rows if (score := row.mean[metric]) is not None]
            mean, sd = mean_and_sd(scores)
            failed = sum(row.count("failed", "diverged") for row in rows)
            table.append(
                [
                    f"  {clean(format_value(value), 28)}",
                    str(len(scores)),
                    score_text(mean, sd, decimals),
                    str(failed or ""),
                ]
            )
    return iter(aligned(table, right=(1, 3)))


def _failures(view: View) -> Iterator[str]:
    failed = [entry for row in view.trials for entry in row.replicates if entry.status in ("failed", "diverged")]
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
