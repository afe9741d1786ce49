"""The form of a grid of one's own training: from a file that is named, or as a copy of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpo_core.journal.events import EngineOptions
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_tui.forms.own_form import PREFIX, OwnForm

SCRIPT = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--layers", type=int, choices=[1, 2], default=1)
given = parser.parse_args()
print(f"val_loss={given.lr * given.layers}")
"""

TABLES = """
[model]
command = "train {activation} {name} {units}"
[grid]
activation = ["relu", "mine"]
[fixed]
units = 8
[session]
objective = "val_mae"
"""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"objective": " "}, {"objective": "Name the metric that ranks the trials"}),
        ({PREFIX + "units": "x"}, {PREFIX + "units": "'x' is not a number, as its other values are."}),
        ({"replicates": "0"}, {"replicates": "must be a whole number"}),
        ({PREFIX + "name": ""}, {"": "command asks for {name}; give it a value"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    tmp_path: Path, changed: dict[str, str], said: dict[str, str]
) -> None:
    form = OwnForm.of(TABLES, tmp_path)
    texts = {**form.texts("mine"), PREFIX + "name": "a"}
    assert form.read(texts, tmp_path).errors == {}
    errors = form.read({**texts, **changed}, tmp_path).errors
    assert set(errors) == set(said)
    assert all(said[key] in sentence for key, sentence in errors.items())


def test_a_hyperparameter_called_as_another_field_or_as_one_of_the_paper_s_takes_any_value(tmp_path: Path) -> None:
    form = OwnForm.of(TABLES, tmp_path)
    texts = {**form.texts("mine"), PREFIX + "name": "a, b", PREFIX + "activation": "swoosh"}
    spec = form.read(texts, tmp_path).spec
    assert spec is not None
    assert spec.grid.hyperparameters == (Hyperparameter("name", ("a", "b")),)
    assert spec.fixed == {"activation": "swoosh", "units": 8}
    assert (spec.objective.direction, spec.replicates) == ("min", 2)


def test_the_ranges_and_the_search_of_a_copy_stand_in_its_fields_and_read_back(tmp_path: Path) -> None:
    ranges = TABLES.replace("units = 8", "name = 1").replace("[fixed]", "units = {low = 8, high = 64}\n[fixed]")
    text = ranges + 'direction = "min"\nreplicates = 2\n[search]\nplan = "qmc"\ntrials = 9\n'
    form = OwnForm.of(text, tmp_path)
    texts = form.texts("mine")
    assert (texts[PREFIX + "units"], texts["plan"], texts["trials"]) == ("{low = 8, high = 64}", "qmc", "9")
    assert form.read(texts, tmp_path).spec == SessionSpec.parse(text, base=tmp_path)
    assert "range" in form.note(next(of for of in form.fields() if of.label == "units"), texts[PREFIX + "units"])
    fixed = form.read({**texts, PREFIX + "units": "16"}, tmp_path).spec
    assert fixed is not None
    assert fixed.fixed == {"units": 16, "name": 1}


async def test_a_file_is_named_read_and_trained_and_its_session_is_copied(
    open_app, sessions: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "run.py").write_text(SCRIPT)
    async with open_app(options=EngineOptions(workers=1)) as see:
        await see.shows("sessions", "New grid")
        await see.press("n")
        await see.until(lambda: type(see.app.screen).__name__ == "NewGridScreen")
        see.app.screen.row("model").text = "run.py"
        await see.shows("summary", "enter reads run.py; a form of its own hyperparameters follows")
        await see.press("enter")
        await see.until(lambda: type(see.app.screen).__name__ == "OwnGridScreen")
        await see.shows("summary", "2 trials, 2 replicates each: 4 trainings")
        assert see.app.screen.row(PREFIX + "lr").text == "0.1"
        see.app.screen.row(PREFIX + "lr").text = "0.1, 0.2"
        await see.shows("summary", "2 × 2 = 4 trials, 2 replicates each: 8 trainings")
        await see.press("ctrl+l")
        await see.until(lambda: (sessions / "run").exists())
        await see.until(lambda: "finished 8 of 8" in see.text("header"))
        spec = SessionFolder(sessions / "run").load_spec()
        assert {factor.name: factor.values for factor in spec.grid.hyperparameters} == {
            "lr": (0.1, 0.2),
            "layers": (1, 2),
        }
        await see.press("h")
        await see.shows("sessions", "run")
        await see.press("c")
        await see.until(lambda: type(see.app.screen).__name__ == "OwnGridScreen")
        assert see.app.screen.texts[PREFIX + "lr"] == "0.1, 0.2"
        assert see.app.screen.texts["name"] == "run-2"
