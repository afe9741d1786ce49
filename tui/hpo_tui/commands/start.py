"""What ``run``, ``demo``, ``refine`` and ``resume`` share: checks before anything is made, then the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from hpo_core.engine import launching
from hpo_core.engine.logout import WARNING, logout_kills
from hpo_core.errors import SessionError
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import check_name
from hpo_core.text import clean
from hpo_tui.commands.image_counter import ImageCounter
from hpo_tui.commands.options import ascii_option
from hpo_tui.commands.terminal import check_terminal

Trainer = Literal["tensorflow", "synthetic"]
TRAINERS: tuple[Trainer, ...] = ("tensorflow", "synthetic")
Function = TypeVar("Function", bound=Callable[..., Any])


def trainer_option(function: Function) -> Function:
    """Add ``--trainer``, for the verbs that begin with nothing."""
    return click.option(
        "--trainer",
        type=click.Choice(TRAINERS),
        default="tensorflow",
        help="'synthetic' makes up plausible results in no time, without TensorFlow: to try things out.",
    )(function)


def training_options(function: Function) -> Function:
    """Add what every verb takes that starts a new training: ``--workers``, ``--headless`` and ``--ascii``."""
    for option in (
        ascii_option,
        click.option("--headless", is_flag=True, help="No screen: print progress, end with the training."),
        click.option(
            "--workers", type=click.IntRange(1, 256), help="Worker processes (else one for each GPU or core)."
        ),
    ):
        function = option(function)
    return function


def check_new_name(sessions: Path, name: str) -> str:
    """Return ``name`` if a new session can have it. Raises ``SessionError``."""
    if (sessions / check_name(name)).exists():
        raise SessionError(
            f"There is a session {name!r} already in {clean(sessions)}; give another --name, or open that one."
        )
    return name


def check_can_train(spec: SessionSpec, trainer: str, headless: bool) -> None:
    """Raise an ``HpoError`` for whatever would stop the training, before a folder is made.

    Looks at every image: a damaged one is named now, not in the middle of the night.
    """
    if not headless:
        check_terminal()
    with ImageCounter() as counter:
        launching.check_can_train(spec, trainer, counter.count)
    warn_of_logout()


def warn_of_logout() -> None:
    """Say so where a training would not outlive the logout, while there is time to do something about it."""
    if logout_kills():
        click.echo(f"hpo-tui: {WARNING}", err=True)


def stay_with(sessions: Path, folder: SessionFolder, headless: bool) -> int:
    """Stay with a training: on the screen, or printing its progress. Returns the exit status."""
    if headless:
        from hpo_tui.commands.headless import follow_to_end

        return follow_to_end(folder)
    from hpo_tui.commands.screen import show_screen

    return show_screen(sessions, folder)
