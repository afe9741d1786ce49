"""How this person looks at a session: trim, view, axes, metric. Immutable; ``view_file`` saves it."""

from __future__ import annotations

from msgspec import Struct, field

from hpo_core.plan.grid import JobKey
from hpo_core.results.measure import Which
from hpo_core.results.trim import Trim


class ViewState(Struct, frozen=True):
    """Everything about the screen that is not the session itself.

    ``view`` is the name of the open view; where there is none of that name, the first one is open.
    ``cursor`` is (hyperparameter index, value index) in the values pane; ``axes`` the hyperparameters on the
    plots' axes, a permutation of all of them; ``angles`` are (azimuth, elevation) in degrees, None for those that
    suit the grid; ``by_value`` draws curves of values, not of trials; ``metric`` None means the objective's,
    ``epoch`` which of each training's epochs it is read at; ``bins`` None is as many as there is room for;
    ``sort`` is the ranking's column, ``backwards`` its order; ``scroll`` the first line of the effects. ``trial``
    is the number of that under the view's cursor; ``job`` the queue's cursor (None while the queue has no focus)
    and ``chosen`` the jobs picked there.
    """

    trim: Trim = field(default_factory=Trim)
    view: str = ""
    metric: str | None = None
    epoch: Which = "last"
    cursor: tuple[int, int] = (0, 0)
    axes: tuple[int, ...] = ()
    angles: tuple[float, float] | None = None
    box: bool = False
    by_value: bool = False
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
