"""What of a session is in view on the command line: ``--hide``, ``--where`` and ``--trim saved``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.errors import FilterError
from hpo_core.results.in_view import in_view as in_view_of
from hpo_core.results.measure import metrics_of
from hpo_core.results.trim import Trim, parse_hides
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import read_status
from hpo_core.text import clean
from hpo_tui.commands.options import session_argument

Function = TypeVar("Function", bound=Callable[..., Any])


class View(Struct, frozen=True):
    """A session as it stands on the disk, and which of its trials are looked at; ``mask[i]`` is of trial i + 1."""

    folder: SessionFolder
    snapshot: Snapshot
    trim: Trim
    mask: NDArray[np.bool_]
    engine_runs: bool

    @property
    def held(self) -> str:
        """Why the disk holds an engine's queue up, in a sentence; empty where it does not."""
        status = read_status(self.folder.status) if self.engine_runs else None
        return status.held if status is not None else ""


def in_view(function: Function) -> Function:
    """Add SESSION, ``--hide``, ``--where`` and ``--trim``; the function gets them all as one keyword ``view``."""

    @functools.wraps(function)
    def with_view(
        *args: Any, session: SessionFolder, hide: tuple[str, ...], where: str | None, trim: str | None, **rest: Any
    ) -> Any:
        return function(*args, view=look(session, hide, where, saved=trim is not None), **rest)

    hide_help = "Take values out of view; deletes nothing. Repeatable."
    where_help = "Only the trials for which this holds, such as 'filters > 12'."
    saved_help = "Start from the trim that the screen saved."
    options = (
        click.option("--trim", type=click.Choice(["saved"]), help=saved_help),
        click.option("--where", metavar="CONDITION", help=where_help),
        click.option("--hide", metavar="NAME=V[,V]", multiple=True, help=hide_help),
        session_argument,
    )
    for option in options:
        with_view = option(with_view)
    return cast(Function, with_view)


def chosen_metric(snapshot: Snapshot, name: str | None) -> str:
    """Return the metric that ``--metric`` names, or the objective's. Raises ``FilterError``."""
    if name is None:
        return snapshot.spec.objective.metric
    if name not in (known_names := metrics_of(snapshot)):
        known = ", ".join(clean(metric, 40) for metric in known_names)
        raise FilterError(f"--metric {clean(name, 60)!r}: the session has {known}.")
    return name


def look(folder: SessionFolder, hides: tuple[str, ...], where: str | None, saved: bool = False) -> View:
    """Read a session and what of it is in view. Raises ``SessionError`` or ``FilterError``."""
    engine_runs = folder.engine_runs()
    snapshot = read_session(folder)
    grid = snapshot.spec.grid
    base = Trim()
    if saved:
        from hpo_tui.desk.view_file import load_view

        base = load_view(folder.view, grid).trim
    line = " and ".join(f"({line})" for line in (base.where, where) if line)
    trim = parse_hides(grid, hides, replace(base, where=line))
    return View(folder, snapshot, trim, in_view_of(snapshot, trim), engine_runs)
