"""The verbs that steer a session's training: ``pause``, ``resume`` and ``stop``."""

from __future__ import annotations

from typing import Any

import click

from hpo_core.engine import resume as resuming
from hpo_core.engine.stopping import stop_engine, wait_for_end
from hpo_core.errors import SessionError
from hpo_core.journal.events import PauseQueue
from hpo_core.session import code
from hpo_core.session.control import send_order
from hpo_core.session.paths import SessionFolder
from hpo_core.text import plural
from hpo_tui.commands.options import common_options, session_argument
from hpo_tui.commands.start import before_start, engine_options, workload_option

STOP_SECONDS = 60.0
"""How long ``stop`` waits for the engine to leave before it says that it still is at work."""


@click.command()
@session_argument
@common_options
def pause(session: SessionFolder) -> None:
    """Start no further training; those running go on to their end."""
    _require_engine(session)
    send_order(session.control, PauseQueue())
    click.echo(f"{session.name}: no further training is started; 'hpo-tui resume {session.name}' goes on.")


@click.command()
@session_argument
@click.option("--take-over", is_flag=True, help="The engine on another host, which the lock names, is gone.")
@click.option(
    "--trust", is_flag=True, help="Run the session's code although it came from elsewhere: I have read it."
)
@engine_options
@workload_option
@common_options
def resume(session: SessionFolder, take_over: bool, trust: bool, engine: dict[str, Any]) -> None:
    """Go on with the queue; start an engine where none runs.

    It is started as the one before it was, but for the options given here. A training that was interrupted starts
    again from its first epoch; finished ones are kept.
    """
    if trust:
        code.trust(session)
    changed = code.changed_words(session)
    if changed:
        click.echo(f"hpo-tui: {changed}", err=True)
    done = resuming.resume(session, engine, take_over=take_over, before_start=before_start)
    if done.engine_ran:
        click.echo(f"{session.name}: the queue goes on.")
    elif done.left:
        click.echo(f"{session.name}: {plural(done.left, 'training')} to go, in the background.")
    else:
        click.echo(f"{session.name}: nothing is left to train.")


@click.command()
@session_argument
@click.option("--after-running", is_flag=True, help="Let the trainings under way end first.")
@common_options
def stop(session: SessionFolder, after_running: bool) -> None:
    """Stop the training of a session; every result is kept.

    Trainings under way are stopped, and start again from their first epoch after 'hpo-tui resume'.
    """
    _require_engine(session)
    stop_engine(session, now=not after_running)
    if after_running:
        click.echo(f"{session.name}: stops when the trainings under way have ended.")
        return
    if not wait_for_end(session, STOP_SECONDS):
        click.echo(f"hpo-tui: {session.name} was told to stop, and still is at work after a minute.", err=True)
        click.get_current_context().exit(1)
    click.echo(f"{session.name}: stopped; 'hpo-tui resume {session.name}' goes on.")


def _require_engine(session: SessionFolder) -> None:
    if not session.engine_runs():
        if not session.load_spec().trainable:
            raise SessionError(f"The session {session.name!r} was imported; nothing trains in it.")
        raise SessionError(f"Nothing trains in {session.name!r}; 'hpo-tui resume {session.name}' would start it.")
