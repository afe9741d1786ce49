"""What a file of the user's cannot have is refused before anything runs, with the line and what to do instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpo_core.errors import DataError
from hpo_core.workloads.own.contracts import read_own_file
from hpo_core.workloads.own.values import Values

SEARCH = "tuner = kt.RandomSearch(build, 'val_loss')\ntuner.search(x, y)\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "class Mine(kt.RandomSearch):\n    x = 1\n    def run_trial(self, trial): return 1\n",
            r"model.py line 4: Mine trains by a run_trial of its own.*epochs and batch_size may stand in",
        ),
        ("kt.tuners.SklearnTuner\n", "model.py line 2: KerasTuner's SklearnTuner is not known here; write train"),
        ("from keras_tuner.applications import HyperResNet\n", "line 2: KerasTuner's HyperResNet .*build_model"),
    ],
)
def test_what_of_keras_tuner_nothing_here_does_is_refused_by_its_line(
    tmp_path: Path, code: str, said: str
) -> None:
    file = tmp_path / "model.py"
    file.write_text(f"import keras_tuner as kt\n{code}{SEARCH}")
    with pytest.raises(DataError, match=said) as refused:
        read_own_file(file)
    assert str(refused.value).count(". ") == 0


def test_a_method_of_that_name_in_a_file_that_searches_nothing_is_nobody_s_business(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text("class Mine:\n    def run_trial(self): pass\ndef train(hp, report): pass\n")
    assert read_own_file(file).contract.name == "train"


def test_code_that_asks_for_what_the_spec_does_not_name_is_told_what_it_has() -> None:
    values = Values({"learning_rate": 0.1, "units": 4})
    with pytest.raises(KeyError) as raised:
        values["learningrate"]
    assert str(raised.value) == "the spec has no hyperparameter 'learningrate'; did you mean learning_rate?"
    with pytest.raises(KeyError, match="'x'; it has learning_rate, units"):
        values["x"]
    assert ("x" in values, values.get("x", 3)) == (False, 3)
