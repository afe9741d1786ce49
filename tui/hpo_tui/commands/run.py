"""``run``: train the grid of a spec."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from hpo_core.engine import launch
from hpo_core.executors.registry import check_options
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.metrics import apart_words
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import WORKLOADS
from hpo_core.results.by_epoch import fewer_would_do
from hpo_core.session import code
from hpo_core.session.store import create, free_name
from hpo_tui.commands.options import common_options, parse_settings, settings_option
from hpo_tui.commands.start import check_can_train, check_new_name, stay_with, training_options, workload_option
from hpo_tui.look.tables import PAGE_WIDTH


@click.command()
@click.argument("spec", metavar="SPEC.toml", type=click.Path(path_type=Path))
@click.option("--name", metavar="N", help="The session's name (else the spec file's).")
@settings_option
@click.option("--replicates", type=click.IntRange(1, 10_000), help="Trainings of each trial.")
@training_options
@workload_option
@common_options
@click.pass_obj
def run(
    sessions: Path,
    spec: Path,
    name: str | None,
    settings: tuple[str, ...],
    replicates: int | None,
    headless: bool,
    engine: dict[str, Any],
) -> int:
    """Train the grid of a spec, in the background, and show it.

    The training outlives the screen and the connection. With --headless, progress is printed; Ctrl-C stops the
    training, and what has ended is kept.
    """
    chosen = free_name(sessions, spec.stem) if name is None else check_new_name(sessions, name)
    asked = SessionSpec.load(spec, parse_settings(settings))
    if replicates is not None:
        asked = rewritten(asked, "--replicates", replicates=replicates)
    if "workload" in engine:
        asked = rewritten(asked, "--workload", workload=engine["workload"])
    options = EngineOptions(**{**engine, "workload": asked.workload})
    check_options(options)
    check_can_train(asked, options.workload, headless)
    if asked.losses_apart:
        said = apart_words(asked.objective.metric, WORKLOADS[options.workload].metrics, asked.loss_holds)
        click.echo(textwrap.fill(said, PAGE_WIDTH), err=True)
    if said := fewer_would_do(asked):
        click.echo(textwrap.fill(said, PAGE_WIDTH), err=True)
    folder = create(sessions, chosen, asked)
    code.trust(folder)
    launch.start_engine(folder, options)
    return stay_with(sessions, folder, headless)


def rewritten(spec: SessionSpec, option: str, **changes: Any) -> SessionSpec:
    """Return the spec as an option changes it, checked as if it had been written so. Raises ``SpecError``."""
    return SessionSpec.parse(replace(spec, **changes).to_toml(), option)
