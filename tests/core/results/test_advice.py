"""What a trim tells a running search."""

from __future__ import annotations

from hpo_core.journal.events import Envelope, TrialsAdded
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.advice import asked_for
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = {low = 1e-4, high = 0.1, scale = "log"}
optimizer = ["adam", "sgd", "nadam"]
[search]
plan = "random"
trials = 9
"""


def searched() -> Snapshot:
    state = SessionState(SessionSpec.parse(SPEC))
    rows = ((0.0003, "adam"), (0.02, "sgd"), (0.001, "adam"), (0.004, "adam"))
    state.apply(Envelope(1, 1, 1.0, TrialsAdded(trials=rows)))
    return state.snapshot()


def test_the_ends_of_a_range_stay_where_nothing_next_to_them_is_out_of_view() -> None:
    assert asked_for(searched(), Trim()) == {}
    assert asked_for(searched(), Trim().hide("learning_rate", 0.02)) == {
        "learning_rate": (1e-4, 0.004),
        "optimizer": ("adam", "nadam"),
    }
    assert asked_for(searched(), Trim().hide("learning_rate", 0.0003))["learning_rate"] == (0.001, 0.1)
    assert asked_for(searched(), Trim().hide("learning_rate", 0.001)) == {}, "what lies between is not told apart"


def test_a_listed_value_goes_that_is_hidden_or_has_all_its_trials_out_of_view_and_an_untried_one_stays() -> None:
    assert asked_for(searched(), Trim().hide("optimizer", "nadam")) == {"optimizer": ("adam", "sgd")}
    assert asked_for(searched(), Trim().filtered("learning_rate<0.002")) == {
        "learning_rate": (1e-4, 0.001),
        "optimizer": ("adam", "nadam"),
    }
    assert asked_for(searched(), Trim().hide("optimizer", "adam", "sgd")) == {}, (
        "with nothing in view nothing is said"
    )
