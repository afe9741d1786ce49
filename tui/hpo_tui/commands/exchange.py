"""``export`` and ``import``: results out as CSV files, tables of results in as sessions."""

from __future__ import annotations

import re
from pathlib import Path

import click

from hpo_core.interop.formats import FORMATS
from hpo_core.plan.metrics import Direction
from hpo_core.text import plural
from hpo_tui.commands.options import common_options, json_option, path_in_words, print_json
from hpo_tui.commands.view_options import View, in_view


@click.command("export")
@in_view
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path), help="Folder (else the session's exports/).")
@click.option("--format", "written_as", type=click.Choice(list(FORMATS)), default="csv", help="What to write.")
@common_options
def export_session(view: View, to: Path | None, written_as: str) -> None:
    """Write a session's results as CSV files, or in another format.

    trials.csv, replicates.csv and epochs.csv: one row for each trial, training or epoch in view. 'import' reads
    the last two back.
    """
    from hpo_core.interop.export import export

    folder = to.resolve() if to is not None and to.is_symlink() else to or view.folder.exports
    written = export(view.snapshot, folder, view.mask, written_as=written_as)
    for path in written:
        click.echo(path_in_words(path))
    seen, whole = int(view.mask.sum()), len(view.mask)
    part = f" of {whole:,} (those in view)" if seen < whole else ""
    click.echo(f"{plural(seen, 'trial')}{part}")


def _names(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] if text is not None else None


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--name", metavar="N", help="The new session's name (else the file's).")
@click.option("--metrics", metavar="A,B", help="The columns that are metrics, the objective first.")
@click.option("--params", metavar="A,B", help="The columns that are hyperparameters; all others are not.")
@click.option("--ignore", metavar="A,B", help="Columns to leave out.")
@click.option("--replicate", metavar="COLUMN", help="The column that tells a trial's replicates apart.")
@click.option("--direction", type=click.Choice(["min", "max"]), help="Which way the objective improves.")
@click.option("--dry-run", is_flag=True, help="Say what is understood, and write nothing.")
@json_option
@common_options
@click.pass_obj
def import_file(
    sessions: Path,
    file: Path,
    name: str | None,
    metrics: str | None,
    params: str | None,
    ignore: str | None,
    replicate: str | None,
    direction: Direction | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a session of a table of results.

    One row for each training, or for each epoch; the first row names the columns. What each column is taken for is
    said, with the reason. A training without a result has an empty cell, and counts as failed; nan or inf is a
    diverged one.
    """
    from hpo_core.interop.import_table import make_session, understand
    from hpo_core.interop.roles import Asked

    asked = Asked(_names(metrics), _names(params), _names(ignore) or (), replicate, direction)
    understood = understand(file, None if asked == Asked() else asked)
    name = name or name_of(file)
    if not dry_run:
        make_session(understood, sessions, name)
    if as_json:
        return print_json({"session": None if dry_run else name, **understood.as_json()})
    then = "Nothing is written." if dry_run else f"Look: hpo-tui open {name}"
    click.echo(f"{name}: {understood.in_words()}. {then}")
    for line in understood.lines():
        click.echo(line)
    return None


def name_of(file: Path) -> str:
    """Return the name of a session that is made of a file, where nobody gives one."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.name.split(".")[0]).lstrip("._-")[:64] or "imported"
