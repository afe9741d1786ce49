"""The trim: reversible, undoable without limit, and it never deletes anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from hpo_core.errors import FilterError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.spec import DataSpec, SessionSpec
from hpo_core.results.in_view import in_view as in_view_of
from hpo_core.results.trim import TRIAL, Cut, Trim, match_value, pairs, parse_hides
from hpo_core.session.state import SessionState

RATE = Hyperparameter("rate", (0.0001, 0.001, 0.01))
LOSS = Hyperparameter("loss", ("poisson", "mse"))
GRID = Grid((RATE, LOSS))


def in_view(grid: Grid, trim: Trim) -> NDArray[np.bool_]:
    """Return what the trim alone leaves, without its filter line."""
    return in_view_of(SessionState(SessionSpec(DataSpec("import"), grid)).snapshot(), trim.filtered(""))


def seen(trim: Trim) -> list[int]:
    numbers = [
        trial.number
        for trial in GRID.trials()
        if trim.hidden.isdisjoint({*trial.values.items(), (TRIAL, trial.number)})
    ]
    assert [int(place) + 1 for place in in_view(GRID, trim).nonzero()[0]] == numbers
    return numbers


def test_hiding_a_value_takes_its_trials_out_of_view_and_showing_it_brings_them_back() -> None:
    trim = Trim().hide("rate", 0.01)
    assert seen(Trim()) == [1, 2, 3, 4, 5, 6]
    assert seen(trim) == [1, 2, 3, 4]
    assert seen(trim.show("rate", 0.01)) == [1, 2, 3, 4, 5, 6]
    assert seen(trim.toggle("rate", 0.01).toggle("loss", "mse")) == [1, 3, 5]


def test_only_invert_and_all_act_on_one_hyperparameter() -> None:
    trim = Trim().hide("loss", "mse")
    assert seen(trim.only(RATE, 0.001)) == [3]
    assert seen(trim.only(RATE, 0.001).invert(RATE)) == [1, 5]
    assert seen(trim.only(RATE, 0.001).all(RATE)) == [1, 3, 5]
    assert seen(trim.only(RATE, 0.001).only(RATE, 0.01)) == [5]


def test_single_trials_are_dropped_by_number_and_come_back() -> None:
    trim = Trim().drop([2, 5]).hide("loss", "mse")
    assert seen(trim) == [1, 3]
    assert trim.dropped == {2, 5}
    assert seen(trim.undo()) == [1, 3, 4, 6]
    assert seen(trim.undo().undo()) == [1, 2, 3, 4, 5, 6]


def test_a_hyperparameter_named_trial_is_not_a_trial_s_number() -> None:
    grid = Grid((Hyperparameter("trial", (2, 1)), RATE))
    assert in_view(grid, Trim().drop([1])).tolist() == [False, True, True, True, True, True]
    assert in_view(grid, Trim().hide("trial", 2)).tolist() == [False, False, False, True, True, True]


def test_every_change_is_undone_and_redone() -> None:
    trim = Trim().hide("rate", 0.01).only(LOSS, "mse").reset()
    assert [bool(step.hidden) for step in (trim, trim.undo(), trim.undo().undo().undo())] == [False, True, False]
    assert trim.undo().undo().redo().redo() == trim
    assert trim.undo().hide("rate", 0.001).redo() == trim.undo().hide("rate", 0.001)


def test_a_change_that_changes_nothing_is_no_step() -> None:
    trim = Trim().hide("rate", 0.01)
    assert trim.hide("rate", 0.01) is trim
    assert Trim().undo() == Trim()
    assert Trim().redo() == Trim()


def test_hide_on_the_command_line_means_the_same() -> None:
    trim = parse_hides(GRID, ["rate=1e-2,0.00010", "loss=mse"])
    assert seen(trim) == [3]
    assert pairs(trim) == [("loss", "mse"), ("rate", 0.0001), ("rate", 0.01)]
    assert seen(parse_hides(GRID, ["loss=poisson"], trim)) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rat=1", r"--hide 'rat=1': write NAME=VALUE, with NAME one of rate, loss\."),
        ("rate", r"--hide 'rate': write NAME=VALUE"),
        ("rate=0.5", r"rate has no value '0.5'; it has 0.0001, 0.001, 0.01\."),
        ("loss=mae", r"loss has no value 'mae'; it has poisson, mse\."),
        ("loss=\x1b[0m", r"loss has no value '␛\[0m'"),
    ],
)
def test_what_hide_does_not_know_is_named(text: str, sentence: str) -> None:
    with pytest.raises(FilterError, match=sentence):
        parse_hides(GRID, [text])


def test_true_is_not_one() -> None:
    assert match_value(Hyperparameter("flag", (False, True)), "true") is True
    with pytest.raises(FilterError):
        match_value(Hyperparameter("filters", (1, 2)), "true")


class TrimMachine(RuleBasedStateMachine):
    """Any order of changes, undos and redos: the history is always the one that was made."""

    def __init__(self) -> None:
        super().__init__()
        self.trim = Trim()
        self.past: list[Cut] = []
        self.future: list[Cut] = []

    def change(self, new: Trim) -> None:
        if new.cut != self.trim.cut:
            self.past.append(self.trim.cut)
            self.future.clear()
        self.trim = new

    @rule(factor=st.sampled_from(GRID.hyperparameters), place=st.integers(0, 1))
    def toggle(self, factor: Hyperparameter, place: int) -> None:
        self.change(self.trim.toggle(factor.name, factor.values[place]))

    @rule(factor=st.sampled_from(GRID.hyperparameters), place=st.integers(0, 1))
    def only(self, factor: Hyperparameter, place: int) -> None:
        self.change(self.trim.only(factor, factor.values[place]))
        assert [self.trim.hides(factor.name, value) for value in factor.values].count(False) == 1

    @rule(factor=st.sampled_from(GRID.hyperparameters))
    def invert(self, factor: Hyperparameter) -> None:
        self.change(self.trim.invert(factor))

    @rule(where=st.sampled_from(["", "rate>0.001", "trial=2"]))
    def filter_line(self, where: str) -> None:
        self.change(self.trim.filtered(where))

    @rule(out=st.booleans())
    def collapsed(self, out: bool) -> None:
        self.change(self.trim.leaving_out_collapsed(out))

    @rule()
    def reset(self) -> None:
        self.change(self.trim.reset())

    @rule()
    def undo(self) -> None:
        if self.past:
            self.future.append(self.trim.cut)
            expected = self.past.pop()
        else:
            expected = self.trim.cut
        self.trim = self.trim.undo()
        assert self.trim.cut == expected

    @rule()
    def redo(self) -> None:
        if self.future:
            self.past.append(self.trim.cut)
            expected = self.future.pop()
        else:
            expected = self.trim.cut
        self.trim = self.trim.redo()
        assert self.trim.cut == expected

    @invariant()
    def a_trial_is_in_view_when_none_of_its_values_is_hidden(self) -> None:
        assert self.trim.past == tuple(self.past)
        seen(self.trim)


TestTrimMachine = TrimMachine.TestCase
TestTrimMachine.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
