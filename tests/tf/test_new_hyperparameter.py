"""A hyperparameter more is a row of the table and its use in the network or the step: it cannot be forgotten.

The temperature of the softmax stands for any of them. Whatever the row says that it acts on, a training that
differs in it alone never gets the curve of another one out of a program that was built for that.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from hpo_core.plan import hyperparameters
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import tensorflow as tf

    from hpo_core.workloads.paper import program, training
    from hpo_core.workloads.paper.training import PaperWorkload

pytestmark = pytest.mark.tf


@pytest.fixture
def temperature(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The row, and its use as somebody would write it; returns what the row says that it acts on."""
    acts_on: Any = request.param
    row = KnownHyperparameter(
        name="temperature", kind="float", default=1.0, acts_on=acts_on, usual=(1.0, 2.0), high=9
    )
    table = MappingProxyType({**KNOWN, row.name: row})
    for module in (hyperparameters, program):
        monkeypatch.setattr(module, "KNOWN", table)

    real = program.Program._loss_of

    def tempered(
        self: program.Program, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor | float = 1.0
    ) -> tf.Tensor:
        temperature = self.arguments[row.name] if acts_on == "step" else self.built[row.name]
        return real(self, logits / temperature, labels, weights)

    monkeypatch.setattr(program.Program, "_loss_of", tempered)
    return str(acts_on)


@pytest.mark.parametrize("temperature", ["network", "step"], indirect=True)
def test_a_training_never_meets_the_value_of_another_one(
    train: Any, monkeypatch: pytest.MonkeyPatch, temperature: str
) -> None:
    built = []

    class Counted(program.Program):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            built.append(self)

    monkeypatch.setattr(training, "Program", Counted)
    one = PaperWorkload("cpu", 1)
    tiny = {"epochs": 1, "conv_layers": 1, "filters": 2, "optimizer": "sgd"}
    together = [train(**tiny, temperature=value, with_workload=one).curve for value in (1.0, 2.0)]
    assert len(built) == (2 if temperature == "network" else 1)
    alone = train(**tiny, temperature=2.0, with_workload=PaperWorkload("cpu", 1)).curve
    assert together[1] == alone
    assert together[0] != together[1]


@pytest.mark.parametrize("temperature", ["order"], indirect=True)
def test_what_is_neither_built_in_nor_an_argument_cannot_be_used(train: Any, temperature: str) -> None:
    with pytest.raises(KeyError, match="temperature"):
        train(epochs=1, temperature=2.0, with_workload=PaperWorkload("cpu", 1))
