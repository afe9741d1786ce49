"""While a session trains, nothing is kept of the moments before: its memory is that of its results."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded, Event
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes import PANES
from hpo_tui.views import VIEWS

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = [0.001, 0.01, 0.1]
filters = [12, 24]
[fixed]
epochs = 2
"""


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Only what nobody holds any more goes: the collector, which breaks circles, comes seldom."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def train(state: SessionState, trial: int) -> None:
    ids = {"trial": trial, "replicate": 1, "attempt": 1}
    events: list[Event] = [AttemptStarted(**ids, seed=1, worker=1)]
    events += [EpochEnded(**ids, epoch=n, metrics={"val_accuracy": n / (n + trial)}, seconds=1.0) for n in (1, 2)]
    events.append(AttemptEnded(**ids, status="complete", seconds=2.0, epochs=2))
    for event in events:
        seq = state.version + 1
        state.apply(Envelope(seq, 1, float(seq), event))


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_a_moment_that_is_drawn_no_more_is_let_go_at_once(view: str) -> None:
    state, shown = SessionState(SessionSpec.parse(SPEC)), replace(ViewState(axes=(0, 1)), view=view)
    desk, moments = None, []
    for trial in range(1, 7):
        train(state, trial)
        snapshot = state.snapshot()
        moments.append(weakref.ref(snapshot))
        desk = Desk("here", Update(snapshot, None, True), shown, before=desk)
        for pane in PANES.values():
            pane.drawn(desk, 66, 20)
            if pane.framed:
                pane.title(desk, 66)
                pane.edge(desk, 66, 20)
        del snapshot
    assert [moment() is not None for moment in moments] == [False] * 5 + [True]
