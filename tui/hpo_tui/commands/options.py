"""What several verbs share: where the sessions are, which session is meant, which part of it is in view."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hpo_tui.commands.ascii_output import ASCII, write_ascii

if TYPE_CHECKING:
    from hpo_core.session.paths import SessionFolder

Function = TypeVar("Function", bound=Callable[..., Any])


def _choose_folder(context: click.Context, _: click.Parameter, given: str | None) -> None:
    from hpo_core.session.store import sessions_folder

    if given is not None or context.obj is None:
        context.obj = sessions_folder(given)


def common_options(function: Function) -> Function:
    """Add what every verb takes, before or after it: ``--ascii``, and ``--sessions DIR``, the context's object."""
    return _ascii_option(
        click.option(
            "--sessions",
            metavar="DIR",
            expose_value=False,
            is_eager=True,
            callback=_choose_folder,
            help="Folder of the sessions (else HPO_TUI_SESSIONS, else ./sessions).",
        )(function)
    )


def _find_session(context: click.Context, _: click.Parameter, given: str) -> SessionFolder:
    from hpo_core.session.store import find

    return find(context.obj, given)


def _find_optional(context: click.Context, parameter: click.Parameter, given: str | None) -> SessionFolder | None:
    return None if given is None else _find_session(context, parameter, given)


def _find_sessions(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[SessionFolder, ...]:
    return tuple(_find_session(context, parameter, each) for each in given)


def _offer_sessions(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the sessions that the shell may complete to."""
    from hpo_core.session.store import list_sessions, sessions_folder

    found = list_sessions(context.obj or sessions_folder())
    return [folder.name for folder in found if folder.name.startswith(begun)]


def _choose_ascii(context: click.Context, _: click.Parameter, given: bool) -> None:
    if given:
        write_ascii()


def _ascii_option(function: Function) -> Function:
    """Add ``--ascii``; from then on nothing but 7-bit characters is written."""
    return click.option(
        "--ascii",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_choose_ascii,
        help="Draw and write with ASCII characters alone.",
    )(function)


def wants_ascii() -> bool:
    """Whether ``--ascii`` was given, or the terminal knows nothing else."""
    return getattr(sys.stdout, "encoding", "") == ASCII


session_argument = click.argument("session", callback=_find_session, shell_complete=_offer_sessions)
optional_session_argument = click.argument(
    "session", required=False, callback=_find_optional, shell_complete=_offer_sessions
)
sessions_argument = click.argument(
    "folders",
    metavar="SESSION...",
    nargs=-1,
    required=True,
    callback=_find_sessions,
    shell_complete=_offer_sessions,
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
settings_option = click.option(
    "--set",
    "settings",
    metavar="NAME=V[,V]",
    multiple=True,
    help="Other values for a hyperparameter: one fixes it, several vary it. Repeatable.",
)


def parse_settings(settings: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return what ``--set NAME=V[,V]`` asks for: hyperparameter to values. Raises ``SpecError``."""
    from hpo_core.errors import SpecError
    from hpo_core.plan.spec import parse_value
    from hpo_core.text import clean

    asked: dict[str, list[Any]] = {}
    for text in settings:
        name, equals, values = text.partition("=")
        if not (name.strip() and equals):
            raise SpecError(
                f"--set {clean(text, 80)!r}: write NAME=VALUE[,VALUE], such as learning_rate=1e-4,1e-3."
            )
        asked[name.strip()] = [parse_value(value) for value in values.split(",") if value.strip()]
    return asked


def print_json(data: object) -> None:
    """Print one JSON object, in the order given; ASCII, since a terminal acts on more than ``json`` escapes."""
    import json

    click.echo(json.dumps(data, ensure_ascii=True, indent=2))


def session_in_words(folder: SessionFolder) -> str:
    """Return SESSION as the next command finds it: a name, or a path where it is not in the usual folder."""
    from hpo_core.session.store import sessions_folder

    path = folder.path.absolute()
    if path == (sessions_folder() / folder.name).absolute():
        return folder.name
    said = path_in_words(path)
    return shlex.quote(said if "/" in said else f"./{said}")


def path_in_words(path: Path) -> str:
    """Return a path as a person would write it."""
    from hpo_core.text import clean

    try:
        return clean(path.relative_to(Path.cwd()))
    except ValueError:
        return clean(path)
