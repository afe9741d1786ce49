"""``export`` and ``import``: results out as CSV files, tables of results in as sessions."""

from __future__ import annotations

from pathlib import Path

import click

from hpo_core.interop.formats import FORMATS
from hpo_core.text import plural
from hpo_tui.commands.options import common_options, path_in_words
from hpo_tui.commands.view_options import View, in_view


@click.command("export")
@in_view
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path), help="Folder (else the session's exports/).")
@click.option("--format", "written_as", type=click.Choice(list(FORMATS)), default="csv", help="What to write.")
@common_options
def export_session(view: View, to: Path | None, written_as: str) -> None:
    """Write a session's results as CSV files.

    trials.csv, replicates.csv and epochs.csv: one row for each trial, training or epoch in view. 'import' reads
    the last two back.
    """
    from hpo_core.interop.export import export

    written = export(view.snapshot, to or view.folder.exports, view.mask, written_as=written_as)
    for path in written:
        click.echo(path_in_words(path))
    seen, whole = int(view.mask.sum()), len(view.mask)
    part = f" of {whole:,} (those in view)" if seen < whole else ""
    click.echo(f"{plural(seen, 'trial')}{part}")


@click.command("import")
@click.argument("file", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option("--name", metavar="N", required=True, help="The new session's name.")
@click.option(
    "--metrics", metavar="A,B", help="The columns that are metrics, the objective first (else known ones)."
)
@common_options
@click.pass_obj
def import_file(sessions: Path, file: Path, name: str, metrics: str | None) -> None:
    """Make a session of a table of results.

    One row for each training; the first row names the columns. A training without a result has an empty cell,
    and counts as failed.
    """
    from hpo_core.interop.import_table import import_table

    named = [metric.strip() for metric in metrics.split(",") if metric.strip()] if metrics else None
    table = import_table(file, sessions, name, named)
    click.echo(f"{table.folder.name}: {table.in_words()}. Look: hpo-tui open {table.folder.name}")
