"""A user's own Keras model in a worker: given the floats of an npz file, and told what is not called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hpo_core.errors import HpoError
from hpo_core.journal.events import DataPrepared, EpochEnded, Job, Probe, WorkerEvent
from hpo_core.plan.probes import Answer
from hpo_core.workloads.own.contracts import read_own_file
from hpo_core.workloads.workload import Reporter, StopSignal

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    from hpo_core.workloads.own.adopted import task_of
    from hpo_core.workloads.own.compiled.workload import KerasWorkload

pytestmark = pytest.mark.tf

MODEL = """
import keras
def build_model(hp):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(hp.Float("lr", 0, 1)), "mse", metrics=["mae"])
    return model
"""


def test_float_targets_of_an_npz_file_reach_the_loss_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    y = np.linspace(-0.9, 0.9, 32, dtype=np.float32)
    np.savez(
        tmp_path / "mine.npz",
        x_train=np.zeros((32, 2), np.float32),
        y_train=y,
        x_test=np.zeros((4, 2)),
        y_test=y[:4],
    )
    data = {"source": "npz", "path": str(tmp_path / "mine.npz"), "validation_split": 0.2, "model": {}}
    job = Job(1, 1, 1, 7, {"lr": 0.0, "epochs": 1}, data, {}, "")
    events: list[WorkerEvent] = []
    workload = KerasWorkload(read_own_file(tmp_path / "model.py"), tmp_path, "cpu")
    assert workload.train(job, Reporter(job, events.append), StopSignal()).status == "complete"
    ended = next(event for event in events if isinstance(event, EpochEnded))
    assert ended.metrics["mae"] == pytest.approx(abs(y).mean())
    assert ended.metrics["val_mae"] == pytest.approx(abs(y[:4]).mean())
    assert next(event.train for event in events if isinstance(event, DataPrepared)) == 32


WITH_DATA = """
import keras
import numpy as np
def build_model(hp):
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((2,)), dense(hp.Int("units", 1, 9)), dense(1)])
    model.compile(keras.optimizers.SGD(hp.Float("lr", 0, 1)), "mse")
    return model
def data():
    x = np.arange(64, dtype="float32").reshape(32, 2) / 64
    return (x, x[:, 0]), (x[:4], x[:4, 0])
"""


def test_probes_compile_the_programs_that_trainings_find_and_both_tell_which_it_was(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(WITH_DATA)
    workload = KerasWorkload(read_own_file(tmp_path / "model.py"), tmp_path, "cpu")

    def job(lr: float, units: int) -> Job:
        return Job(1, 1, 1, 7, {"lr": lr, "units": units, "batch_size": 8}, {"source": "own"}, {}, "")

    def probe(lr: float, units: int) -> Answer:
        asked = Probe(job=job(lr, units), steps=4, epochs=1.0)
        return workload.probe(asked, Reporter(asked.job, lambda event: None), StopSignal())

    base, again, faster, wider = probe(0.1, 2), probe(0.1, 2), probe(0.2, 2), probe(0.1, 3)
    assert (len(base.prints), base.reason) == (4, "")
    assert base.prints == again.prints, "nothing is left of one probe in the program for the next"
    assert len({base.prints, faster.prints, wider.prints}) == 3
    assert base.program == faster.program != wider.program
    ended = workload.train(job(0.5, 2), Reporter(job(0.5, 2), lambda event: None), StopSignal())
    assert ended.program == base.program
    assert len(workload._programs._kept) == 2


def test_a_tuner_with_a_run_trial_of_its_own_is_not_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tuner_beside.py").write_text(
        "import keras_tuner\nclass Mine(keras_tuner.RandomSearch):\n    def run_trial(self, trial, x): return 1\n"
    )
    (tmp_path / "model.py").write_text(
        "import keras_tuner\nfrom tuner_beside import Mine\nMine(lambda hp: None, 'val_loss').search([1])\n"
    )
    with pytest.raises(HpoError, match=r"Mine trains by a run_trial of its own.*what else it does as the fit"):
        task_of(read_own_file(tmp_path / "model.py"), tmp_path)
