"""The verbs that keep the sessions in order: ``note``, ``rename`` and ``delete``."""

from __future__ import annotations

from pathlib import Path

import click

from hpo_core.errors import SessionError
from hpo_core.session.paths import SessionFolder
from hpo_core.text import plural
from hpo_tui.commands.options import common_options, optional_session_argument, path_in_words, session_argument


@click.command()
@session_argument
@click.argument("text", nargs=-1)
@common_options
def note(session: SessionFolder, text: tuple[str, ...]) -> None:
    """Note a line on a session, or print what was noted.

    The line takes the place of the one before; an empty one, '', takes that away.
    """
    from hpo_core.session.note import read_note, write_note

    if text:
        write_note(session, " ".join(text))
    elif said := read_note(session):
        click.echo(said)


@click.command()
@session_argument
@click.argument("new")
@common_options
def rename(session: SessionFolder, new: str) -> None:
    """Give a session another name."""
    from hpo_core.session.moving import rename as renamed

    click.echo(f"{session.name}: is {renamed(session, new).name} now.")


@click.command()
@optional_session_argument
@click.option("--empty-trash", is_flag=True, help="Delete for good what was moved to the trash.")
@common_options
@click.pass_obj
def delete(sessions: Path, session: SessionFolder | None, empty_trash: bool) -> None:
    """Move a session to the trash, or empty the trash.

    The trash is the folder .trash beside the session; move a folder back out of it to have it again.
    """
    from hpo_core.session import moving

    if (session is None) is not empty_trash:
        raise SessionError("Name a session to delete, or give --empty-trash alone.")
    if session is None:
        count = moving.empty_trash(sessions)
        gone = f"{plural(count, 'session')} deleted for good." if count else "there was nothing in it."
        click.echo(f"{path_in_words(sessions / moving.TRASH)}: {gone}")
        return
    thrown = moving.throw_away(session)
    click.echo(f"{session.name}: moved to {path_in_words(thrown.path)}; move it back to have it again.")
    click.echo(moving.emptying_words(thrown))
