"""``use``: the best trial, or any other, as a folder that works without hpo-tui."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from hpo_tui.commands.options import common_options, path_in_words
from hpo_tui.commands.view_options import View, in_view
from hpo_tui.look.tables import PAGE_WIDTH


@click.command()
@in_view
@click.option("--trial", type=click.IntRange(1), help="Which one (else the best in view).")
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path), help="A new folder (else in exports/).")
@common_options
def use(view: View, trial: int | None, to: Path | None) -> None:
    """Write a trial as a folder that works without hpo-tui.

    model.keras, its weights of the best epoch; train.py, which trains this one configuration; spec.toml, this one
    trial for hpo-tui; README.md, its scores and their noise.
    """
    from hpo_core.handover.folder import best_trial, default_folder, hand_over

    number = trial or best_trial(view.snapshot, view.mask)
    place = to or default_folder(view.folder, number)
    told: list[str] = []

    def tell(sentence: str) -> None:
        """Say each thing once."""
        if not told or told[-1] != sentence:
            told.append(sentence)
            click.echo(sentence, err=True)

    made = hand_over(view.folder, view.snapshot, number, place, tell)
    click.echo(f"trial {number}: {path_in_words(made.folder)}")
    click.echo(f"  {', '.join(made.files)}")
    for sentence in made.sentences:
        click.echo(textwrap.fill(sentence, PAGE_WIDTH, break_on_hyphens=False))
