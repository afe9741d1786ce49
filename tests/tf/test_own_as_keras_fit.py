"""A user's Keras model in the compiled loop: each metric is ``fit``'s to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hpo_core.plan.setting import Value
from hpo_core.workloads.own.contracts import read_own_file

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import keras
    from keras_zoo import ZOO, Exhibit

    from hpo_core.workloads.own.compiled.fit import Fit, fit_on, why_not
    from hpo_core.workloads.own.compiled.program import Program
    from hpo_core.workloads.own.compiled.programs import Programs
    from hpo_core.workloads.own.compiled.seeds import begin_anew

pytestmark = pytest.mark.tf

SMALL, LARGE = 0.01, 0.03
TRAININGS = ((SMALL, 1), (LARGE, 2))
"""Learning rate and seed of each."""


def call(exhibit: Exhibit) -> Fit:
    return Fit(exhibit.data, exhibit.validation, 4, 32, exhibit.callbacks(), exhibit.options)


def by_fit(exhibit: Exhibit, rate: float, seed: int) -> keras.Model:
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = exhibit.build(rate)
    call(exhibit).run(model, keras.callbacks.Callback())
    return model


def programs_of(folder: Path, text: str = "") -> Programs:
    own = folder / "model.py"
    own.write_text(f"{text}\ndef build_model(hp): ...\n")
    return Programs(read_own_file(own))


def take(programs: Programs, exhibit: Exhibit, values: dict[str, Value], seed: int) -> tuple[Program, Fit]:
    begin_anew(seed, forget_kernels=False)
    model, fit = exhibit.build(float(values["rate"])), call(exhibit)
    assert why_not(model, fit) == ""
    return programs.take(model, fit, values), fit


IN_SHORT = ("subclassed",)
AT_LENGTH = (
    "sequential without an input",
    "augmented images",
    "two inputs, two heads",
    "a schedule",
    "sample weights, not shuffled",
    "class weights, watched",
    "without validation",
)


def test_every_model_of_the_zoo_is_compared_below() -> None:
    assert {*IN_SHORT, *AT_LENGTH} == set(ZOO)


@pytest.mark.parametrize("name", [*IN_SHORT, *(pytest.param(name, marks=pytest.mark.long) for name in AT_LENGTH)])
def test_fresh_program_or_used_one_it_trains_as_fit_does_bit_for_bit(name: str, tmp_path: Path) -> None:
    exhibit, programs, used = ZOO[name], programs_of(tmp_path), set()
    for rate, seed in TRAININGS:
        program, fit = take(programs, exhibit, {"rate": rate}, seed)
        used.add(id(program))
        fit_on(program, fit, keras.callbacks.Callback(), lambda batches: True)
        fitted = by_fit(exhibit, rate, seed)
        assert program.model.history.history == fitted.history.history
        for mine, theirs in zip(program.model.get_weights(), fitted.get_weights(), strict=True):
            assert (mine == theirs).all()
    assert len(used) == (1 if exhibit.shared else 2)  # else one for each learning rate


def test_what_the_file_draws_by_itself_is_in_nobody_elses_program(tmp_path: Path) -> None:
    subclassed = ZOO["subclassed"]
    drawing = programs_of(tmp_path, "from numpy.random import default_rng")
    first, second = (take(drawing, subclassed, {"rate": SMALL}, 1)[0] for _ in range(2))
    assert first is not second


def test_a_variable_that_keras_does_not_know_of_keeps_a_program_for_itself(tmp_path: Path) -> None:
    import tensorflow as tf

    class Annealed(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.share, self.out = tf.Variable(1.0), keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.out(inputs) * self.share

    def build(rate: float) -> keras.Model:
        model = Annealed()
        model.compile("sgd", "mse")
        return model

    lazy = ZOO["sequential without an input"]
    annealed = Exhibit(build, lazy.data, lazy.validation)
    programs = programs_of(tmp_path)
    first, second = (take(programs, annealed, {"rate": SMALL}, 1)[0] for _ in range(2))
    assert first is not second


def test_what_only_fit_can_train_is_named(tmp_path: Path) -> None:
    exhibit = ZOO["a schedule"]

    class Watching(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...

    model = exhibit.build(SMALL)
    assert why_not(model, Fit(*call_data(exhibit), 1, 32, [Watching()])) == "Watching is called at every batch"
    assert "steps_per_epoch" in why_not(model, Fit(*call_data(exhibit), 1, 32, (), {"steps_per_epoch": 2}))
    model.run_eagerly = True
    assert why_not(model, call(exhibit)) == "the model runs eagerly"


def call_data(exhibit: Exhibit) -> tuple[Any, Any]:
    return exhibit.data, exhibit.validation
