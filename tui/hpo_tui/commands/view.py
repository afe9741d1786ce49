"""What of a session is in view on the command line: ``--hide``, ``--where`` and ``--trim saved``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import click
import numpy as np
from numpy.typing import NDArray

from hpo_core.errors import FilterError
from hpo_core.results.filter import Filter, compile_filter
from hpo_core.results.measure import metrics_of
from hpo_core.results.table import TrialResult, trial_results
from hpo_core.results.table import in_view as in_view_of
from hpo_core.results.trim import Trim, parse_hides
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean
from hpo_tui.commands.options import session_argument

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class View:
    """A session as it stands on the disk, and which of its trials are looked at."""

    folder: SessionFolder
    snapshot: Snapshot
    trim: Trim
    where: Filter | None
    engine_runs: bool

    @cached_property
    def trials(self) -> list[TrialResult]:
        """The trials in view, in the order of their numbers."""
        return trial_results(self.snapshot, self.trim, self.where)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which trials are in view; entry i is trial i + 1."""
        mask = in_view_of(self.snapshot.spec.grid, self.trim)
        return mask if self.where is None else mask & self.where.mask(self.snapshot)


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
    predicate = compile_filter(line, snapshot) if line else None
    return View(folder, snapshot, parse_hides(grid, hides, replace(base, where=line)), predicate, engine_runs)
