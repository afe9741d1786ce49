"""A hyperparameter more is a row of the table and its use in the network or the step: it cannot be forgotten.

Label smoothing stands for any of them. Whatever the row says that it acts on, a training that differs in it alone
never gets the curve of another one out of a program that was built for that.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
import tensorflow as tf

from hpo_core.plan import hyperparameters
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter
from hpo_core.workloads.paper import losses, program, training
from hpo_core.workloads.paper.training import PaperWorkload

pytestmark = pytest.mark.tf


@pytest.fixture
def label_smoothing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The row, and its use as somebody would write it; returns what the row says that it acts on."""
    acts_on: Any = request.param
    row = KnownHyperparameter(
        name="label_smoothing", kind="float", default=0.0, acts_on=acts_on, usual=(0.0, 0.1), high=0.5
    )
    table = MappingProxyType({**KNOWN, row.name: row})
    for module in (hyperparameters, program):
        monkeypatch.setattr(module, "KNOWN", table)

    def smoothed(self: program.Program, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        share = self.arguments[row.name] if acts_on == "step" else self.built[row.name]
        targets = tf.one_hot(labels, self._classes) * (1 - share) + share / self._classes
        return losses.chosen_loss(self.arguments["loss"], targets, logits)

    monkeypatch.setattr(program.Program, "_loss_of", smoothed)
    return str(acts_on)


@pytest.mark.parametrize("label_smoothing", ["network", "step"], indirect=True)
def test_a_training_never_meets_the_value_of_another_one(
    train: Any, monkeypatch: pytest.MonkeyPatch, label_smoothing: str
) -> None:
    built = []

    class Counted(program.Program):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            built.append(self)

    monkeypatch.setattr(training, "Program", Counted)
    one = PaperWorkload("cpu", 1)
    together = [train(epochs=1, label_smoothing=share, with_workload=one).curve for share in (0.0, 0.3)]
    assert len(built) == (2 if label_smoothing == "network" else 1)
    alone = [
        train(epochs=1, label_smoothing=share, with_workload=PaperWorkload("cpu", 1)).curve for share in (0.0, 0.3)
    ]
    assert together == alone
    assert together[0] != together[1]


@pytest.mark.parametrize("label_smoothing", ["order"], indirect=True)
def test_what_is_neither_built_in_nor_an_argument_cannot_be_used(train: Any, label_smoothing: str) -> None:
    with pytest.raises(KeyError, match="label_smoothing"):
        train(epochs=1, label_smoothing=0.3, with_workload=PaperWorkload("cpu", 1))
