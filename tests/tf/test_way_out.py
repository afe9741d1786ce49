"""What a training leaves behind: a model that Keras alone loads, and a script that Keras alone runs."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hpo_core.journal.events import EpochEnded, Job, Keep, Noted, WorkerEvent
from hpo_core.workloads.images.dataset import Dataset
from hpo_core.workloads.own.contracts import read_own_file
from hpo_core.workloads.own.entry import write_script as write_own_script
from hpo_core.workloads.paper.entry import write_script
from hpo_core.workloads.winner import Winner
from hpo_core.workloads.workload import Reporter, StopSignal

from .conftest import FRUIT, NORMALISED, small_values

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import keras

    from hpo_core.workloads.own.compiled.workload import KerasWorkload

pytestmark = pytest.mark.tf

OWN = """
import keras
import numpy as np

def data():
    x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    return (x[:40], x[:40, :1]), (x[40:], x[40:, :1])

def build_model(hp):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 1, 9), "relu"),
                              keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-1)), "mse", metrics=["mae"])
    return model
"""


def kept(path: Path, metric: str = "val_accuracy", **more: Any) -> Keep:
    return Keep(path=str(path), metric=metric, direction="max" if metric == "val_accuracy" else "min", **more)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"dropout": 0.3, "loss": "poisson", **NORMALISED},
        pytest.param(
            {"activation": "gelu", "layer_order": "conv_pool_norm_activation", "global_pooling": "max"},
            marks=pytest.mark.long,
        ),
    ],
    ids=["as it comes", "normalised", "pooled first"],
)
def test_keras_alone_gives_the_kept_model_the_score_that_the_session_shows(
    train: Any, tmp_path: Path, fruit: Dataset, changed: dict[str, Any]
) -> None:
    path = tmp_path / "model.keras"
    told = train(keep=kept(path), epochs=4, learning_rate=0.01, **changed)
    best = max(told.curve, key=lambda metrics: metrics["val_accuracy"])
    seen = keras.models.load_model(path).evaluate(
        fruit.x_val, keras.utils.to_categorical(fruit.y_val, 3), verbose=0, return_dict=True
    )
    assert seen["accuracy"] == pytest.approx(best["val_accuracy"], abs=1e-6)
    assert seen["loss"] == pytest.approx(best["val_loss"], rel=1e-5)
    assert [file.name for file in tmp_path.glob("*keras*")] == ["model.keras"]


def test_a_training_that_beats_nobody_leaves_no_model_and_a_full_disk_costs_no_training(
    train: Any, tmp_path: Path
) -> None:
    told = train(keep=kept(tmp_path / "model.keras", least=1.1))
    assert told.outcome.status == "complete"
    assert not list(tmp_path.glob("*keras*"))
    (tmp_path / "file").touch()
    told = train(keep=kept(tmp_path / "file" / "model.keras"))
    assert told.outcome.status == "complete"
    assert [event.text for event in told.events if isinstance(event, Noted)] == [
        "A trained model could not be kept (file: is not a plain folder of this session alone)."
    ]


def test_the_script_trains_the_configuration_with_keras_alone(tmp_path: Path) -> None:
    values = small_values(schedule="cosine", warmup_epochs=1, early_stopping=1, class_weight="balanced")
    values |= {
        "label_smoothing": 0.1,
        "horizontal_flip": 0.5,
        "shift": 0.1,
        "weight_decay": 1e-4,
        "conv_layers": 1,
    }
    said = write_script(Winner("s", 3, values, FRUIT, {}, 7, "val_accuracy 0.5"), tmp_path)
    assert "with Keras alone, and saves" in said
    assert "hpo" not in (tmp_path / "train.py").read_text()
    history = runpy.run_path(str(tmp_path / "train.py"))["model"].history.history
    assert len(history["val_accuracy"]) == 2
    assert np.isfinite(history["val_loss"]).all()
    assert (tmp_path / "trained.keras").is_file()


def test_a_hyperparameter_that_the_script_does_not_know_is_named(tmp_path: Path) -> None:
    values = small_values(temperature=2.0)
    said = write_script(Winner("s", 3, values, FRUIT, {}, 7, "val_accuracy 0.5"), tmp_path)
    assert "with Keras alone, but for temperature, and saves" in said


def test_a_model_of_ones_own_is_kept_as_it_was_in_its_best_epoch_and_its_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "mine.py", tmp_path / "out"
    file.write_text(OWN)
    out.mkdir()
    material = {"source": "model", "model": {"file": str(file), "folder": str(tmp_path)}}
    values = {"units": 4, "lr": 0.05, "epochs": 3, "batch_size": 8}
    job = Job(
        trial=1, replicate=1, attempt=1, seed=5, values=values, data=material, settings={}, log="",
        keep=kept(out / "model.keras", "val_mae"),
    )  # fmt: skip
    events: list[WorkerEvent] = []
    workload = KerasWorkload(read_own_file(file), tmp_path, "cpu")
    assert workload.train(job, Reporter(job, events.append), StopSignal()).status == "complete"
    best = min(float(event.metrics["val_mae"] or 0) for event in events if isinstance(event, EpochEnded))
    x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")[40:]
    seen = keras.models.load_model(out / "model.keras").evaluate(x, x[:, :1], verbose=0, return_dict=True)
    assert seen["mae"] == pytest.approx(best, rel=1e-5)

    write_own_script(Winner("s", 1, values, material, {}, 5, "val_mae 0.1"), out)
    monkeypatch.syspath_prepend(str(out))
    assert len(runpy.run_path(str(out / "train.py"))["model"].history.history["val_mae"]) == 3


def test_a_command_is_run_as_the_session_ran_it(tmp_path: Path) -> None:
    command = "touch {out}/lr-{lr}-{seed}"
    material = {"source": "model", "model": {"command": command, "folder": str(tmp_path)}}
    write_own_script(Winner("s", 1, {"lr": 0.5}, material, {}, 7, "loss 0.1"), tmp_path)
    runpy.run_path(str(tmp_path / "train.py"))
    assert (tmp_path / "out" / "lr-0.5-7").is_file()
