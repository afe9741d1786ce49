"""The filter line: what it keeps, how it is written back, and what it says of a slip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpo_core.errors import FilterError
from hpo_core.journal.events import Envelope, ResultAdopted
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.filter import Filter, compile_filter
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.text import clean


def session() -> Snapshot:
    """3 rates × 2 losses × 2 names, two replicates; of trial 12 one failed, trial 11 diverged, trial 10 waits."""
    factors = (
        Hyperparameter("learning_rate", (0.0001, 0.001, 0.01)),
        Hyperparameter("loss", ("poisson", "mean_squared_error")),
        Hyperparameter("my name", ("and", 'a "b"')),
    )
    spec = SessionSpec(DataSpec("fruit"), Grid(factors), {"epochs": 3, "optimizer": "adam"}, replicates=2)
    state = SessionState(spec)
    seq = 0
    for key in spec.grid.jobs(2):
        if key.trial == 10:
            continue
        seq += 1
        status = {11: "diverged", 12: "failed" if key.replicate == 2 else "complete"}.get(key.trial, "complete")
        event = ResultAdopted(
            trial=key.trial,
            replicate=key.replicate,
            status=status,  # type: ignore[arg-type]
            origin="",
            epochs=({"loss": 1 / key.trial, "val_accuracy": key.trial / 20},),
            last_epoch=3,
        )
        state.apply(Envelope(seq, 0, 1.0, event))
    return state.snapshot()


SESSION = session()


def kept(line: str) -> list[int]:
    """Return the trials that the line keeps."""
    return [int(place) + 1 for place in compile_filter(line, SESSION).mask(SESSION).nonzero()[0]]


EVERY = list(range(1, 13))


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("", EVERY),
        ("learning_rate<=1e-3", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("learning_rate<=1e-3 and loss!=poisson and val_accuracy>0.3 and status=complete", [7, 8]),
        ("learning_rate = 0.0010", [5, 6, 7, 8]),
        ("learning_rate == 1e-3", [5, 6, 7, 8]),
        ("learning_rate>1e-3", [9, 10, 11, 12]),
        ("learning_rate in (1e-4, 0.01) and loss=poisson", [1, 2, 9, 10]),
        ("learning_rate not in (1e-4, 1e-3)", [9, 10, 11, 12]),
        ("not learning_rate=1e-4 and not learning_rate=0.01", [5, 6, 7, 8]),
        ("trial=1 or trial=2 and loss!=poisson", [1]),
        ("(trial=1 or trial=2) and loss!=poisson", []),
        ("trial>10", [11, 12]),
        ("status in (waiting, diverged)", [10, 11]),
        ("failed>0", [11, 12]),
        ("complete<2", [10, 11, 12]),
        ("replicates!=2", []),
        ('"my name"=\'a "b"\'', [2, 4, 6, 8, 10, 12]),
        ('"my name" = "and"', [1, 3, 5, 7, 9, 11]),
        ('\'my name\' = "a ""b"""', [2, 4, 6, 8, 10, 12]),
        ("epochs=3 and optimizer=adam", EVERY),
        ("epochs>3 or optimizer!=adam", []),
    ],
)
def test_a_line_keeps_the_trials_that_it_describes(line: str, numbers: list[int]) -> None:
    assert kept(line) == numbers


def test_a_name_that_is_also_a_metric_means_the_metric_when_compared_with_a_number() -> None:
    assert kept("loss<0.2") == [6, 7, 8, 9, 12]
    assert kept("loss=poisson") == [1, 2, 5, 6, 9, 10]


def test_a_trial_without_the_metric_satisfies_no_comparison_with_it() -> None:
    assert 10 not in kept("val_accuracy>=0")
    assert 10 not in kept("val_accuracy!=0.5")
    assert 10 in kept("not val_accuracy>=0")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("learning_rat<1", "character 1: there is nothing named 'learning_rat'; did you mean learning_rate?"),
        ("trial=1 and", "character 12: a name was expected, such as learning_rate, not the end."),
        ("trial", "character 6: one of = != < <= > >= or 'in' was expected after 'trial', not the end."),
        ("trial <", "character 8: a value was expected, not the end."),
        ("trial < and", "character 9: a value was expected, not 'and'."),
        ("trial=1 trial=2", "character 9: 'and' or 'or' was expected, not 'trial'."),
        ("(trial=1", "character 9: ')' was expected, not the end."),
        ("trial=1)", "character 8: 'and' or 'or' was expected, not ')'."),
        ("trial in 1", "character 10: '(' and values were expected after 'in', not '1'."),
        ("trial in (1 2)", "character 13: ',' or ')' was expected, not '2'."),
        ("trial in ()", "character 11: a value was expected, not ')'."),
        ("trial=one", "character 7: a number was expected for trial, not 'one'."),
        ("val_accuracy>1e999", "character 14: a number was expected for val_accuracy, not '1e999'."),
        ("learning_rate=0.5", "character 15: learning_rate has no value '0.5'; it has 0.0001, 0.001, 0.01."),
        ("loss=mse", "character 6: loss has no value 'mse'; it has poisson, mean_squared_error."),
        ("loss<poisson", "character 1: loss has texts for values; compare it with =, != or in."),
        ("status=done", "character 8: 'done' is no status; they are waiting, running, complete, "),
        ("status<complete", "character 1: a status is compared with =, != or in."),
        ("trial=1 ! trial", "character 9: '!' stands alone; write != or not."),
        ("loss='poisson", "character 6: the quote ' is opened and never closed."),
        ("(" * 41 + "trial=1", "character 41: more than 40 brackets and nots within one another."),
        ("not " * 5000 + "trial=1", "character 161: more than 40 brackets and nots within one another."),
    ],
)
def test_a_slip_is_named_with_its_place(line: str, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(line, SESSION)
    assert str(caught.value).startswith(f"Filter, {sentence}")


def test_hostile_text_in_a_line_is_shown_literally() -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter("loss='\x1b[31m'", SESSION)
    assert "␛[31m" in str(caught.value)


names = st.sampled_from(
    ["learning_rate", "loss", '"my name"', "val_accuracy", "status", "trial", "failed", "epochs"]
)
values = st.sampled_from(["0.001", "poisson", '"and"', "0.4", "complete", "3", "1e-4", "'a \"b\"'"])
comparisons = st.one_of(
    st.builds("{} {} {}".format, names, st.sampled_from(["=", "==", "!=", "<", "<=", ">", ">="]), values),
    st.builds("{} in ({}, {})".format, names, values, values),
)
lines = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("not {}".format, inner),
        st.builds("({}) and {}".format, inner, inner),
        st.builds("{} or ({})".format, inner, inner),
    ),
    max_leaves=5,
)


def parsed(line: str) -> Filter | FilterError:
    try:
        return compile_filter(line, SESSION)
    except FilterError as error:
        return error


def assert_is_one_sentence(error: FilterError) -> None:
    assert clean(error) == str(error)
    assert str(error).startswith("Filter, character ")


@settings(max_examples=150, deadline=None)
@given(line=lines)
def test_what_parses_is_written_back_as_the_same_filter(line: str) -> None:
    found = parsed(line)
    if isinstance(found, FilterError):
        assert_is_one_sentence(found)
    else:
        assert str(compile_filter(str(found), SESSION)) == str(found)
        assert kept(str(found)) == kept(line)


words = st.sampled_from(
    ["trial", "loss", "status", "=", "<", "<=", "!", "!=", "(", ")", ",", "in", "not", "and", "or", "1", "'", '"',
     " ", "poisson", "complete", "9" * 400, "1e999", "\x1b", "\u202e", "nan", "-"]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(line=st.one_of(st.text(max_size=40), st.lists(words, max_size=14).map(" ".join)))
def test_no_line_does_worse_than_a_filter_error(line: str) -> None:
    half = len(line) // 2
    for part in (line, line[:half], line[half:]):
        found = parsed(part)
        if isinstance(found, FilterError):
            assert_is_one_sentence(found)
        else:
            assert len(found.mask(SESSION)) == 12


def test_the_filter_looks_at_ten_thousand_trials_at_once() -> None:
    grid = Grid((Hyperparameter("a", tuple(range(100))), Hyperparameter("b", tuple(range(100)))))
    snapshot = SessionState(SessionSpec(DataSpec("import"), grid)).snapshot()
    found = compile_filter("a<50 and b>=50 and not val_accuracy>0.5 and status=waiting", snapshot)
    assert found.mask(snapshot).sum() == 2_500
