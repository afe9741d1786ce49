"""``new``: a spec from a person's own file: an argparse script, a KerasTuner file, an objective, a function."""

from __future__ import annotations

from pathlib import Path

import click

from hpo_core.errors import SpecError
from hpo_core.plan.model_source import without_values
from hpo_core.plan.spec import SessionSpec
from hpo_core.text import clean, joined, plural
from hpo_tui.commands.options import common_options
from hpo_tui.forms.own_file import drafted


@click.command()
@click.argument("file", metavar="FILE.py", type=click.Path(path_type=Path))
@click.option(
    "--to", metavar="SPEC.toml", type=click.Path(path_type=Path), help="Write it there; never over a file."
)
@common_options
def new(file: Path, to: Path | None) -> None:
    """Write a spec for a file of your own: print it, or save it.

    The flags of an argparse script, and what an objective(trial) or a train(hp, report) asks for, are read from
    the text. A Keras file is run, in a process of its own: models are built to find its space, none is trained.
    """
    if to is not None and to.exists():
        raise SpecError(f"{clean(to)} exists; it is not written over. Give another name.")
    folder = Path() if to is None else to.parent
    text = drafted(file, folder)
    if to is None:
        click.echo(text, nl=False)
        return
    try:
        with to.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise SpecError(f"{clean(to)} cannot be written: {error.strerror}.") from None
    try:
        trials = plural(SessionSpec.load(to).trials_asked, "trial")
    except SpecError as error:
        raise SpecError(f"Wrote {clean(to)}, which is to be completed: {error}") from None
    if lacking := without_values(text):
        raise SpecError(f"Wrote {clean(to)}, which is to be completed: give {joined(lacking)} values in [grid].")
    click.echo(f"Wrote {clean(to)}: {trials}. Look at it; then: hpo-tui run {clean(to)}")
