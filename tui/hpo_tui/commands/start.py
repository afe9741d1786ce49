"""What ``run``, ``demo``, ``refine`` and ``resume`` share: checks before anything is made, then the engine."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hpo_core.engine.logout import WARNING, logout_kills
from hpo_core.errors import SessionError
from hpo_core.executors.registry import EXECUTORS
from hpo_core.executors.sharing import sharing_now
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.plans import check_installed
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import FORMER_NAMES, WORKLOADS
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import check_name
from hpo_core.text import clean
from hpo_core.workloads.workload import check_can_train as check_workload
from hpo_tui.commands.image_counter import ImageCounter
from hpo_tui.commands.terminal import check_terminal
from hpo_tui.look.tables import PAGE_WIDTH

Function = TypeVar("Function", bound=Callable[..., Any])


class _WorkloadOption(click.Option):
    """``--workload``, which scripts may go on to call ``--trainer``, with the names that workloads had then."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        parser.add_option(obj=self, opts=["--trainer"], dest=self.name, nargs=self.nargs)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        return super().type_cast_value(ctx, FORMER_NAMES.get(value, value))


def _offered(meanings: dict[str, str]) -> str:
    return "; ".join(f"{name}: {meaning}" for name, meaning in meanings.items())


_WORKLOADS = {facts.name: facts.meaning for facts in WORKLOADS.values()}
_EXECUTORS = {facts.name: facts.meaning for facts in EXECUTORS.values() if facts.meaning}
workload_option = click.option(
    "--workload",
    cls=_WorkloadOption,
    type=click.Choice(tuple(_WORKLOADS)),
    help=f"What a training is. {_offered(_WORKLOADS)}.",
)
_engine_options = (
    click.option("--executor", type=click.Choice(tuple(_EXECUTORS)), help=f"Where. {_offered(_EXECUTORS)}."),
    click.option(
        "--workers", type=click.IntRange(1, 256), help="Worker processes (else one for each GPU or core)."
    ),
    click.option("--address", metavar="A", help="Of a Ray cluster (else one is started on this machine)."),
    click.option("--workers-per-gpu", type=click.IntRange(1, 64), help="So many on each GPU, which share it."),
)


def engine_options(function: Function) -> Function:
    """Add what an engine is started with; ``function`` takes those of ``EngineOptions`` given, as ``engine``."""

    @functools.wraps(function)
    def collected(*args: Any, **options: Any) -> Any:
        engine = {name: options.pop(name) for name in EngineOptions.__struct_fields__ if name in options}
        given = {name: value for name, value in engine.items() if value is not None}
        return function(*args, engine=given, **options)

    for option in _engine_options:
        collected = option(collected)
    return collected  # type: ignore[return-value]


def training_options(function: Function) -> Function:
    """Add what every verb takes that starts a new training: the engine's options and ``--headless``."""
    headless = click.option("--headless", is_flag=True, help="No screen: print progress, end with the training.")
    return headless(engine_options(function))


def check_new_name(sessions: Path, name: str) -> str:
    """Return ``name`` if a new session can have it. Raises ``SessionError``."""
    if (sessions / check_name(name)).exists():
        raise SessionError(
            f"There is a session {name!r} already in {clean(sessions)}; give another --name, or open that one."
        )
    return name


def check_can_train(spec: SessionSpec, workload: str, headless: bool) -> None:
    """Raise an ``HpoError`` for whatever would stop the training, before a folder is made.

    Looks at every image: a damaged one is named now, not in the middle of the night. Prints how the data
    were taken.
    """
    if not headless:
        check_terminal()
    check_installed(spec.search.plan)
    with ImageCounter() as counter:
        said = check_workload(spec, workload, counter.count)
    first, *more = said.splitlines()
    if more:  # of files of the user's; of what is generated, or fetched, there is nothing to say
        for line in (f"data: {first}", *(f"  {line}" for line in more)):
            click.echo(textwrap.fill(line, PAGE_WIDTH, subsequent_indent="  "))
    before_start()


def before_start() -> None:
    """Say what a person may want to do something about: what ends at a logout, who trains on this machine too."""
    if logout_kills():
        click.echo(f"hpo-tui: {WARNING}", err=True)
    if said := sharing_now():
        said = f"hpo-tui: {said} --workers says how many this session has."
        click.echo(textwrap.fill(said, PAGE_WIDTH, break_on_hyphens=False), err=True)


def stay_with(sessions: Path, folder: SessionFolder, headless: bool) -> int:
    """Stay with a training: on the screen, or printing its progress. Returns the exit status."""
    if headless:
        from hpo_tui.commands.headless import follow_to_end

        return follow_to_end(folder)
    from hpo_tui.commands.screen import show_screen

    return show_screen(sessions, folder)
