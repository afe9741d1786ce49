"""One file a view of the results; here they are listed, in the order of the tabs."""

from __future__ import annotations

from msgspec.structs import replace

from hpo_tui.desk.view_state import ViewState
from hpo_tui.views.curves import Curves
from hpo_tui.views.effects.effects_view import EffectsView
from hpo_tui.views.heatmap import HeatMap
from hpo_tui.views.histograms import Histograms
from hpo_tui.views.machine import Machine
from hpo_tui.views.parallel import Parallel
from hpo_tui.views.ranking import Ranking
from hpo_tui.views.scatter import Scatter
from hpo_tui.views.slices import Slices
from hpo_tui.views.view import View

VIEWS: tuple[View, ...] = (
    Scatter(),
    HeatMap(),
    Histograms(),
    Slices(),
    Curves(),
    Parallel(),
    Ranking(),
    EffectsView(),
    Machine(),
)


def open_view(state: ViewState) -> View:
    """Return the view that is open; the first where the state names none that there is."""
    return next((view for view in VIEWS if view.name == state.view), VIEWS[0])


def next_view(state: ViewState, step: int) -> ViewState:
    """Return the state with the next or the previous view open."""
    at = VIEWS.index(open_view(state)) + step
    return replace(state, view=VIEWS[at % len(VIEWS)].name)
