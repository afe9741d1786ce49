"""How this person looks at a session: trim, view, axes, metric. Immutable; saved as ``view.json``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from hpo_core.journal.files import write_atomically
from hpo_core.plan.grid import Grid, JobKey
from hpo_core.results.measure import Which
from hpo_core.results.trim import TRIAL, Trim, pairs
from hpo_core.text import clean

VIEWS = ("scatter", "heatmap", "histograms", "curves", "parallel", "ranking", "effects", "machine")
"""The views, in the order of the tabs."""

LONGEST_TEXT = 2000
"""Characters of a filter line or a metric's name that are read back."""

VIEW_TITLES = {
    "scatter": "scatter",
    "heatmap": "heatmap",
    "histograms": "histograms",
    "curves": "curves",
    "parallel": "parallel",
    "ranking": "ranking",
    "machine": "machine",
    "effects": "effects",
}


@dataclass(frozen=True, slots=True)
class ViewState:
    """Everything about the screen that is not the session itself.

    ``cursor`` is (hyperparameter index, value index) in the values pane; ``axes`` the hyperparameters on the
    plots' axes, a permutation of all of them; ``angles`` are (azimuth, elevation) in degrees, None for those that
    suit the grid; ``metric`` None means the objective's, ``epoch`` which of each training's epochs it is read at;
    ``bins`` None is as many as there is room for; ``sort`` is the ranking's column, ``backwards`` its order;
    ``scroll`` the first line of the effects. ``trial`` is the number of that under the view's cursor; ``job`` the
    queue's cursor (None while the queue has no focus) and ``chosen`` the jobs picked there.
    """

    trim: Trim = field(default_factory=Trim)
    view: str = VIEWS[0]
    metric: str | None = None
    epoch: Which = "last"
    cursor: tuple[int, int] = (0, 0)
    axes: tuple[int, ...] = ()
    angles: tuple[float, float] | None = None
    flat: bool = False
    log_axes: bool = False
    bins: int | None = None
    overlay: bool = False
    cumulative: bool = False
    sort: int = 0
    backwards: bool = False
    scroll: int = 0
    trial: int | None = None
    chosen: frozenset[JobKey] = frozenset()
    job: int | None = None

    @property
    def where(self) -> str:
        """The filter line."""
        return self.trim.where

    @property
    def without_collapsed(self) -> bool:
        """Whether collapsed trainings are left out."""
        return self.trim.without_collapsed

    def next_view(self, step: int) -> ViewState:
        """Return the state with the next or the previous view."""
        return replace(self, view=VIEWS[(VIEWS.index(self.view) + step) % len(VIEWS)])

    def to_json(self) -> bytes:
        """Return what is worth keeping: the trim, the view and the projection."""
        kept = {
            "hidden": [list(pair) for pair in pairs(self.trim)],
            "view": self.view,
            "metric": self.metric,
            "epoch": self.epoch,
            "without_collapsed": self.without_collapsed,
            "axes": list(self.axes),
            "angles": list(self.angles) if self.angles else None,
            "flat": self.flat,
            "log_axes": self.log_axes,
            "where": self.where,
            "bins": self.bins,
            "overlay": self.overlay,
            "cumulative": self.cumulative,
        }
        return msgspec.json.format(msgspec.json.encode(kept), indent=1)


def load_view(path: Path, grid: Grid) -> ViewState:
    """Return the saved state, as far as it fits the grid; the default state where there is none to read."""
    try:
        saved: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        saved = {}
    return ViewState(
        trim=replace(
            load_trim(saved, grid),
            where=_plain(saved.get("where")) or "",
            without_collapsed=saved.get("without_collapsed") is True,
        ),
        view=_one_of(saved.get("view"), VIEWS, VIEWS[0]),
        metric=_plain(saved.get("metric")),
        epoch="best" if saved.get("epoch") == "best" else "last",
        axes=_permutation(saved.get("axes"), len(grid.hyperparameters)),
        angles=_angles(saved.get("angles")),
        flat=saved.get("flat") is True,
        log_axes=saved.get("log_axes") is True,
        bins=_bins(saved.get("bins")),
        overlay=saved.get("overlay") is True,
        cumulative=saved.get("cumulative") is True,
    )


def load_trim(saved: dict[str, Any], grid: Grid) -> Trim:
    """Return the saved trim, without values that the grid does not have."""
    known = {(factor.name, value) for factor in grid.hyperparameters for value in factor.values}
    known |= {(TRIAL, number) for number in range(1, len(grid) + 1)}
    hidden = saved.get("hidden")
    listed = hidden if isinstance(hidden, list) else []
    wanted = {tuple(pair) for pair in listed if isinstance(pair, list) and len(pair) == 2 and _hashable(pair)}
    return Trim(frozenset(pair for pair in known if pair in wanted))


def save_view(path: Path, state: ViewState) -> None:
    """Write the state to ``view.json``. Raises ``OSError``."""
    write_atomically(path, state.to_json(), durable=False)


def _hashable(pair: list[Any]) -> bool:
    return all(isinstance(entry, (str, int, float, bool)) for entry in pair)


def _plain(value: object) -> str | None:
    """Return a text that nobody types who does not mean harm, as None: it goes into a field as it is."""
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT and clean(value) == value else None


def _one_of(value: object, allowed: tuple[str, ...], default: str) -> str:
    return value if isinstance(value, str) and value in allowed else default


def _permutation(value: object, count: int) -> tuple[int, ...]:
    good = isinstance(value, list) and sorted(map(str, value)) == sorted(map(str, range(count)))
    return tuple(value) if good and isinstance(value, list) else tuple(range(count))


def _angles(value: object) -> tuple[float, float] | None:
    good = isinstance(value, list) and len(value) == 2 and all(isinstance(entry, (int, float)) for entry in value)
    if not good or not isinstance(value, list):
        return None
    return value[0] % 360.0, min(max(float(value[1]), 5.0), 85.0)


def _bins(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= 100 else None
