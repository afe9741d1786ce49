"""``refine``: the next grid, made from what a trim left, with every result there already re-used."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from hpo_core.engine import launch
from hpo_core.engine.resume import options_of
from hpo_core.errors import SessionError
from hpo_core.text import clean, format_seconds, format_value
from hpo_core.workloads.workload import data_now
from hpo_tui.commands.options import common_options, parse_settings, settings_option
from hpo_tui.commands.start import check_can_train, check_new_name, stay_with, training_options
from hpo_tui.commands.view_options import View, in_view
from hpo_tui.look.tables import PAGE_WIDTH


@click.command()
@in_view
@click.option("--name", metavar="N", required=True, help="The new session's name.")
@settings_option
@click.option("--replicates", type=click.IntRange(1, 10_000), help="Trainings of each trial.")
@click.option("--whole", is_flag=True, help="Keep all that is in view, noise and losing values too.")
@click.option("--dry-run", is_flag=True, help="Print the next grid; make and train nothing.")
@training_options
@common_options
@click.pass_obj
def refine(
    sessions: Path,
    view: View,
    name: str,
    settings: tuple[str, ...],
    replicates: int | None,
    whole: bool,
    dry_run: bool,
    headless: bool,
    engine: dict[str, Any],
) -> int:
    """Make the next grid from what a trim left, and train it.

    What is noise is fixed at its cheapest value, what loses is dropped, and finer values lie around the best
    trial; --set gives others. It has no more trials than the grid that it came from. Every result there already
    is re-used; the session it came from stays as it is. What trained that one trains this one too: made-up and
    real results are never mixed.
    """
    from hpo_core.refine.proposal import create_refined, propose

    check_new_name(sessions, name)
    if not view.snapshot.spec.trainable:
        raise SessionError(
            f"The session {view.folder.name!r} was imported; it has results, and nothing to train on."
        )
    proposal = propose(view.folder.name, view.snapshot, view.mask, whole=whole)
    proposal = proposal.with_values(parse_settings(settings))
    if replicates is not None:
        proposal = proposal.with_replicates(replicates)
    options = options_of(view.snapshot, **engine)
    proposal = replace(proposal, data=data_now(proposal.spec, options.workload))
    for factor in proposal.factors:
        values = (f"{format_value(value)}{'*' * proposal.is_new(factor.name, value)}" for value in factor.values)
        click.echo(f"{clean(factor.name)}: {', '.join(values)}", err=not dry_run)
    for why in proposal.why:
        click.echo(textwrap.fill(why, PAGE_WIDTH), err=not dry_run)
    if proposal.apart:
        click.echo(textwrap.fill(proposal.apart, PAGE_WIDTH), err=not dry_run)
    took = f", about {format_seconds(proposal.seconds)}" if proposal.seconds else ""
    click.echo(f"{proposal.in_words()}{took} (* new value)", err=not dry_run)
    if changed := proposal.data_words():
        click.echo(textwrap.fill(changed, PAGE_WIDTH), err=not dry_run)
    if saved := proposal.saved_words():
        click.echo(saved, err=not dry_run)
    if dry_run:
        return 0
    check_can_train(proposal.spec, options.workload, headless)
    folder = create_refined(sessions, name, proposal)
    launch.start_engine(folder, options)
    return stay_with(sessions, folder, headless)
