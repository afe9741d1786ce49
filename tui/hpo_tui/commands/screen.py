"""The verbs that show the screen: home (no verb) and ``open``."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from hpo_core.errors import TerminalError
from hpo_core.session import ahead
from hpo_core.session.paths import SessionFolder
from hpo_tui.commands.options import common_options, session_argument, wants_ascii
from hpo_tui.commands.terminal import check_terminal

QUIET_TEXTUAL = {"TEXTUAL_FPS": "120", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""Few bytes over SSH, yet no key waits long for a frame, of which Textual lets up to two intervals go by.

What comes in is drawn ten times a second at most: no more frames are sent for it. Textual reads these when it is
imported.
"""
THREAD_SECONDS = 0.001
"""So soon a thread that computes lets another go on: the one that hears a key waits for it several times."""


def show_screen(
    sessions: Path,
    folder: SessionFolder | None,
    *,
    read_only: bool = False,
    theme: str | None = None,
) -> int:
    """Show a session, or home where ``folder`` is None; return the exit status. Raises ``TerminalError``."""
    check_terminal()
    sys.setswitchinterval(THREAD_SECONDS)
    gc.disable()  # until the app has its screen: what is imported is no garbage
    if folder is not None:
        ahead.begin(folder)
    for name, value in QUIET_TEXTUAL.items():
        os.environ.setdefault(name, value)
    from hpo_tui.app import run_screen

    return run_screen(sessions, folder, read_only=read_only, ascii_only=wants_ascii(), theme=theme)


def home(sessions: Path) -> None:
    """Show the sessions here, a new grid, the demo."""
    click.get_current_context().exit(show_screen(sessions, None))


@click.command("open")
@session_argument
@click.option("--read-only", is_flag=True, help="Look only: give no orders and save no view.")
@click.option("--theme", type=click.Choice(["dark", "light", "high-contrast"]), help="Colours of the screen.")
@common_options
@click.pass_obj
def open_session(sessions: Path, session: SessionFolder, read_only: bool, theme: str | None) -> int:
    """Open a session on the screen.

    Opening never starts work, and leaving never stops it.
    """
    try:
        check_terminal()
    except TerminalError:
        from hpo_core.session.opening import check_spec

        check_spec(session)  # which is worth more to hear; on a screen it is told once the first picture stands
        raise
    return show_screen(sessions, session, read_only=read_only, theme=theme)
