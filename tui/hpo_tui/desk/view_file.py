"""``view.json``: how a person last looked at a session; read with doubt, written soon after each change.

A file that is damaged, of another grid or made elsewhere gives the default, field by field.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hpo_core.errors import SessionError
from hpo_core.journal.files import read_own, write_atomically
from hpo_core.plan.grid import Grid
from hpo_core.plan.hyperparameters import Value
from hpo_core.results.measure import Which
from hpo_core.results.trim import TRIAL, Trim, pairs
from hpo_core.text import clean
from hpo_tui.desk.view_state import ViewState

Text = Annotated[str, Meta(max_length=2000)]
"""A filter line, or the name of a metric or a view: longer ones nobody types."""

KEPT_ELSEWHERE = (
    "Another screen has changed how this session is looked at. This one keeps its own trim while it is open, and "
    "saves it no longer; open the session again to go on from the other's."
)


class Saved(msgspec.Struct, frozen=True):
    """What ``view.json`` holds: the trim, the view and the projection, named as in ``Trim`` and ``ViewState``."""

    hidden: tuple[tuple[str, Value], ...] = ()
    where: Text = ""
    without_collapsed: bool = False
    view: Text = ""
    metric: Text | None = None
    epoch: Which = "last"
    axes: tuple[int, ...] = ()
    angles: tuple[Annotated[float, Meta(ge=0, lt=360)], Annotated[float, Meta(ge=5, le=85)]] | None = None
    box: bool = False
    by_value: bool = False
    log_axes: bool = False
    bins: Annotated[int, Meta(ge=2, le=100)] | None = None
    overlay: bool = False
    cumulative: bool = False


_OF_VIEW = set(ViewState.__struct_fields__) & set(Saved.__struct_fields__)


class ViewFile:
    """``view.json`` as one screen knows it; ``first`` is the state that it found there.

    Two screens on one session do not overwrite each other's look: the file is written only while it is as this
    screen last read or wrote it. Whoever changes the look first keeps it; the other is told, and keeps its own
    unsaved. A screen that only looked writes nothing.
    """

    def __init__(self, path: Path, grid: Grid, trials: int) -> None:
        """``trials`` is how many there are to be; a plan may not have added all of them yet."""
        self._path = path
        self._there = _read(path)
        self.first = _state_of(self._there, grid, trials)
        self._saved = _to_json(self.first)

    def save(self, state: ViewState) -> None:
        """Write the state, where it differs from what was last read or written. Raises ``SessionError``."""
        data = _to_json(state)
        if data == self._saved:
            return
        if _read(self._path) not in (self._there, data, b""):
            raise SessionError(KEPT_ELSEWHERE)
        try:
            write_atomically(self._path, data, durable=False)
        except OSError as error:
            raise SessionError(f"The view could not be saved: {error.strerror}.") from None
        self._there = self._saved = data


def load_view(path: Path, grid: Grid) -> ViewState:
    """Return the saved state, as far as it fits the grid; the default state where there is none to read."""
    return _state_of(_read(path), grid, len(grid))


def _read(path: Path) -> bytes:
    """Return what the file holds; nothing where it cannot be read."""
    try:
        return read_own(path)
    except OSError:
        return b""


def _to_json(state: ViewState) -> bytes:
    trim = state.trim
    seen = {name: getattr(state, name) for name in _OF_VIEW}
    saved = Saved(tuple(pairs(trim)), trim.where, trim.without_collapsed, **seen)
    return msgspec.json.format(msgspec.json.encode(saved), indent=1)


def _state_of(data: bytes, grid: Grid, count: int) -> ViewState:
    """Return the state, without what the grid does not have."""
    saved = _decode(data)
    factors = {factor.name: factor for factor in grid.hyperparameters}
    hidden = frozenset(
        (name, value)
        for name, value in saved.hidden
        if (factors[name].may_have(value) if name in factors else name == TRIAL and value in range(1, count + 1))
    )
    trim = Trim(hidden, saved.where, saved.without_collapsed)
    state = ViewState(trim, **{name: getattr(saved, name) for name in _OF_VIEW})
    every = tuple(range(len(grid.hyperparameters)))
    return state if tuple(sorted(state.axes)) == every else replace(state, axes=every)


def _decode(data: bytes) -> Saved:
    """Return what is in order, field by field: no text that nobody types who means no harm."""
    found: dict[str, Any] = {}
    with contextlib.suppress(msgspec.DecodeError):
        found = msgspec.json.decode(data, type=dict[str, Any])
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(Saved):
        with contextlib.suppress(KeyError, msgspec.ValidationError):
            value = msgspec.convert(found[field.name], field.type)
            if not isinstance(value, str) or clean(value) == value:
                good[field.name] = value
    return Saved(**good)
