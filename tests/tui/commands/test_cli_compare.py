"""A person lays sessions side by side: one ranking, one table of values, or a sentence that says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpo_core.journal.events import ResultAdopted
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create_with_events
from hpo_tui.cli import cli

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def finer(sessions: Path, scores: tuple[float, ...], spec: str = "", name: str = "finer") -> None:
    """A session of one training for each trial, with these scores; a grid of learning rates around the best."""
    spec = spec or '[grid]\nlearning_rate = [1e-3, 2e-3]\n[fixed]\nloss = "poisson"\nfilters = 24\nepochs = 3'
    whole = SessionSpec.parse(f'[data]\nsource = "fruit"\n{spec}\n[session]\nobjective = "val_accuracy"\n')
    events = [
        ResultAdopted(trial=trial, replicate=1, status="complete", origin="", last_epoch=3,
                      epochs=({"val_accuracy": score},) * 3)
        for trial, score in enumerate(scores, 1)
    ]  # fmt: skip
    create_with_events(sessions, name, whole, events)


def test_the_trials_of_two_sessions_stand_in_one_ranking_and_each_value_beside_itself(
    make_session: MakeSession, sessions: Path
) -> None:
    make_session("grid")
    finer(sessions, (0.93, 0.97))
    done = call("compare", "grid", "finer", "--top", "3")
    assert done.exit_code == 0, done.output
    said, _, *lines = done.stdout.splitlines()
    assert said == "↑ val_accuracy, last epoch: 12 trials of grid, 2 trials of finer"
    rows = [line.split() for line in lines]
    assert rows[0] == ["session", "trial", "val_accuracy", "n", "learning_rate", "loss"]
    assert rows[1] == ["1", "finer", "2", "0.9700", "1", "0.002", "poisson"]
    assert rows[2] == ["2", "grid", "6", "0.9450", "±", "0.0071", "2", "0.001", "poisson"]
    assert lines[4:6] == ["… and 11 trials more", "All of these have filters 24."]
    assert ["mean", "(trials)", "grid", "finer"] in rows
    assert ["0.001", "0.9250", "(4)", "0.9300", "(1)"] in rows
    assert ["0.002", "–", "0.9700", "(1)"] in rows
    assert max(map(len, lines)) <= 80

    told = json.loads(call("compare", "grid", "finer", "--json").stdout)
    assert (told["metric"], told["direction"], told["sessions"]) == (
        "val_accuracy",
        "max",
        {"grid": 12, "finer": 2},
    )
    assert [(entry["session"], entry["trial"]) for entry in told["ranking"][:2]] == [("finer", 2), ("grid", 6)]
    assert told["values"]["learning_rate"][2]["sessions"] == {
        "grid": {"mean": None, "trials": 0},
        "finer": {"mean": pytest.approx(0.97), "trials": 1},
    }


def test_what_differs_between_sessions_is_a_column_or_a_sentence(
    make_session: MakeSession, sessions: Path
) -> None:
    make_session("grid")
    finer(sessions, (0.5, 0.6), "classes = 4\n[grid]\nlearning_rate = [1e-3, 2e-3]\n[fixed]\nepochs = 5")
    told = json.loads(call("compare", "grid", "finer", "--json").stdout)
    assert [value["value"] for value in told["values"]["epochs"]] == [3, 5]
    assert told["notes"] == ["The sessions' data differ: what is better may be so by that alone."]


def test_a_hyperparameter_that_only_one_session_knows_is_named_and_no_column(
    make_session: MakeSession, sessions: Path, tmp_path: Path
) -> None:
    make_session("grid")
    file = tmp_path / "wide.csv"
    file.write_text("filters,depth,val_accuracy\n12,1,0.5\n24,2,0.99\n")
    assert call("import", file, "--params", "filters,depth", "--metrics", "val_accuracy").exit_code == 0
    told = json.loads(call("compare", "grid", "wide", "--json").stdout)
    assert list(told["values"]) == ["filters"]
    assert told["ranking"][0]["session"] == "wide"
    assert "depth is a hyperparameter of wide only." in told["notes"]


def test_many_sessions_have_their_values_in_several_tables_of_80_columns(
    make_session: MakeSession, sessions: Path
) -> None:
    names = ["grid", *(f"finer-around-the-best-{number}" for number in range(3))]
    make_session("grid")
    for name in names[1:]:
        finer(sessions, (0.93, 0.97), name=name)
    done = call("compare", *names)
    tables = [line for line in done.stdout.splitlines() if line.startswith("mean (trials)")]
    assert [table.split()[2:] for table in tables] == [names[:2], names[2:]]
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grid",), "One session alone compares with none; name two or more."),
        (("grid", "grid"), "One session alone compares with none"),
        (("grid", "nowhere"), "There is no session 'nowhere'"),
        (
            ("grid", "table"),
            "The sessions share no hyperparameter: grid varies learning_rate, loss, filters; table",
        ),
        (("grid", "other"), "other has no val_accuracy; they share no metric."),
        (("grid", "finer", "--metric", "val_loss"), "finer has no val_loss; all have val_accuracy: choose with"),
        (("grid", "grid-2", "--metric", "val_loss"), "compared within one loss only; another metric compares"),
    ],
)
def test_sessions_that_do_not_compare_are_refused_in_one_sentence(
    make_session: MakeSession, sessions: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    make_session("grid")
    make_session("grid-2")
    finer(sessions, (0.93, 0.97))
    for name, heading in (("table", "depth,val_accuracy"), ("other", "filters,mae")):
        file = tmp_path / f"{name}.csv"
        file.write_text(f"{heading}\n1,0.5\n2,0.6\n")
        asked = heading.split(",")
        made = call("import", file, "--name", name, "--params", asked[0], "--metrics", asked[1])
        assert made.exit_code == 0, made.output
    done = call("compare", *arguments)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert words in done.stderr
