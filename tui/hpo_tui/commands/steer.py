"""The verbs that steer a session's training: ``pause``, ``resume`` and ``stop``."""

from __future__ import annotations

import time

import click

from hpo_core.engine.launching import start, trainer_of
from hpo_core.engine.stopping import stop_engine
from hpo_core.errors import SessionError
from hpo_core.journal.events import PauseQueue, ResumeQueue
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.text import plural
from hpo_tui.commands.options import session_argument, sessions_option
from hpo_tui.commands.start import TRAINERS, Trainer, warn_of_logout

STOP_SECONDS = 60.0
"""How long ``stop`` waits for the engine to leave before it says that it still is at work."""


@click.command()
@session_argument
@sessions_option
def pause(session: SessionFolder) -> None:
    """Start no further training; those running go on to their end."""
    _require_engine(session)
    send_order(session.control, PauseQueue())
    click.echo(f"{session.name}: no further training is started; 'hpo-tui resume {session.name}' goes on.")


@click.command()
@session_argument
@click.option("--workers", type=click.IntRange(1), help="Worker processes, where an engine is started.")
@click.option("--take-over", is_flag=True, help="The engine on another host, which the lock names, is gone.")
@click.option("--trainer", type=click.Choice(TRAINERS), help="As for 'run' (else the one that trained before).")
@sessions_option
def resume(session: SessionFolder, workers: int | None, take_over: bool, trainer: Trainer | None) -> None:
    """Go on with the queue; start an engine where none runs.

    A training that was interrupted starts again from its first epoch; finished ones are kept.
    """
    snapshot = read_session(session)
    if session.engine_runs():
        send_order(session.control, ResumeQueue())
        click.echo(f"{session.name}: the queue goes on.")
        return
    if not snapshot.spec.trainable:
        raise SessionError(f"The session {session.name!r} was imported; it has results, and nothing to train on.")
    left = snapshot.counts["waiting"] + snapshot.counts["running"]
    if not left:
        click.echo(f"{session.name}: nothing is left to train.")
        return
    warn_of_logout()
    start(session, trainer or trainer_of(snapshot), workers=workers, take_over=take_over)
    if snapshot.paused is not None:
        send_order(session.control, ResumeQueue())
    click.echo(f"{session.name}: {plural(left, 'training')} to go, in the background.")


@click.command()
@session_argument
@click.option("--after-running", is_flag=True, help="Let the trainings under way end first.")
@sessions_option
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


def wait_for_end(session: SessionFolder, seconds: float) -> bool:
    """Wait until no engine holds the session; return whether that came true within ``seconds``."""
    until = time.monotonic() + seconds
    while session.engine_runs():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _require_engine(session: SessionFolder) -> None:
    if not session.engine_runs():
        raise SessionError(f"Nothing trains in {session.name!r}; 'hpo-tui resume {session.name}' would start it.")
