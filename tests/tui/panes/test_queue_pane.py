"""A line of the queue says what became of a training, whole, also on the smallest screen."""

from __future__ import annotations

from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState
from hpo_tui.desk.follower import Update
from hpo_tui.panes.queue_pane import queue_rows

SPEC = """
[data]
source = "fruit"
[grid]
schedule = ["constant", "reduce_on_plateau"]
learning_rate = [0.01, 0.05]
[fixed]
epochs = 120
"""
INSIDE_80 = 76


def test_a_training_that_stopped_early_says_after_how_many_epochs_of_how_many() -> None:
    state = SessionState(SessionSpec.parse(SPEC))
    ids = {"trial": 4, "replicate": 1, "attempt": 1}
    events = (
        AttemptStarted(**ids, seed=1, worker=1),
        *(EpochEnded(**ids, epoch=n, metrics={"val_accuracy": 0.25}, seconds=1.0) for n in range(1, 18)),
        AttemptEnded(
            **ids, status="complete", reason="stopped early after epoch 17 of 120", seconds=17.0, epochs=17
        ),
    )
    for seq, event in enumerate(events, 1):
        state.apply(Envelope(seq, 1, float(seq), event))
    rows = queue_rows(Update(state.snapshot(), None, False), "val_accuracy", INSIDE_80, 12)
    lines = ["".join(run[0] for run in row) for row in rows]
    (line,) = (line for line in lines if "early" in line)
    assert line.split()[-6:] == ["stopped", "early", "17/120", "val_accuracy", "0.2500", "0:17"]
