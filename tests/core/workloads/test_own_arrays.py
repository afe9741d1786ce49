"""An npz file for one's own model: what stands in it is what the model is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpo_core.errors import DataError
from hpo_core.workloads.own.arrays import are_arrays, read_arrays
from hpo_core.workloads.own.entry import check

MODEL = "def build_model(hp): ...\n"


@pytest.fixture
def npz(tmp_path: Path) -> Any:
    """Write arrays into an npz file; return the [data] table that names it."""

    def write(**arrays: Any) -> dict[str, Any]:
        np.savez(tmp_path / "mine.npz", **arrays)
        return {"source": "npz", "path": str(tmp_path / "mine.npz"), "validation_split": 0.25}

    return write


def test_a_regression_is_given_its_targets_as_they_stand_and_a_split_that_is_the_same_each_time(npz: Any) -> None:
    x, y = np.arange(24.0).reshape(8, 3), np.linspace(-0.5, 0.9, 8)
    table = npz(x_train=x, y_train=y)
    assert are_arrays(table)
    (train, kept), again = read_arrays(table)[:2], read_arrays(table)[:2]
    assert [len(part[0]) for part in (train, kept)] == [6, 2]
    assert np.array_equal(np.sort(np.concatenate([train[1], kept[1]])), y)
    assert all((part[0][:, 0] == 3 * np.searchsorted(y, part[1])).all() for part in (train, kept))
    assert np.array_equal(kept[1], again[1][1])


def test_any_number_of_dimensions_and_targets_of_their_own_for_validation(npz: Any) -> None:
    x, y = np.zeros((4, 5, 2, 2, 3), np.float32), np.eye(4)
    train, validation, prepared = read_arrays(npz(x_train=x, y_train=y, x_test=x[:1], y_test=y[:1]))
    assert (train[0].shape, train[1].shape, validation[1].shape) == (x.shape, y.shape, (1, 4))
    assert (prepared.train, prepared.validation, prepared.classes) == (4, 1, ())


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x_train": np.zeros(3), "y_train": np.zeros(4)}, "x_train has 3 rows, y_train 4"),
        ({"x_train": np.zeros(3), "y_train": np.array(["a", "b", "c"])}, "y_train must hold a row of numbers"),
        ({"x_train": np.zeros(1), "y_train": np.zeros(1)}, "too few rows"),
        ({"x_train": np.zeros(3)}, "lacks y_train"),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_a_sentence(npz: Any, arrays: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_arrays(npz(**arrays))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def train(hp, report): ...", "brings its own data, with train: take .data. out"),
        (MODEL + "def data(): ...", r"brings its own data, with data\(\): take .data. out"),
    ],
)
def test_data_that_nobody_would_read_are_refused(npz: Any, tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "model.py").write_text(code)
    table = npz(x_train=np.zeros(9), y_train=np.zeros(9))
    with pytest.raises(DataError, match=said):
        check({**table, "model": {"file": str(tmp_path / "model.py"), "folder": str(tmp_path)}})
    with pytest.raises(DataError, match="A program loads its own data"):
        check({**table, "model": {"command": "python x.py", "folder": str(tmp_path)}})
    (tmp_path / "model.py").write_text(MODEL)
    own = {"file": str(tmp_path / "model.py"), "folder": str(tmp_path)}
    assert check({**table, "model": own}).endswith("7 training rows and 2 validation rows")
