"""Our compiled training against Keras' own ``fit``: same weights, same batches, same dropout, same curves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hpo_core.plan.hyperparameters import LOSSES, OPTIMIZERS
from hpo_core.workloads.images.dataset import Dataset

from .conftest import NORMALISED

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import keras

    from hpo_core.workloads.paper import training
    from hpo_core.workloads.paper.network import build_model, set_first_weights
    from hpo_core.workloads.paper.training import epoch_order

pytestmark = pytest.mark.tf

SEED = 7
Values = dict[str, Any]


def plain_network(values: Values, data: Dataset, precision: str = "float32") -> keras.Model:
    """The network as anybody would write it, layer by layer, with a softmax at its end."""
    layers = keras.layers
    l2, batch_norm = keras.regularizers.L2(values["l2"]), values["batch_norm"] == "on"
    stack: list[Any] = [keras.Input((*data.image_size, 3))]
    biased = not batch_norm or values["layer_order"].index("activation") < values["layer_order"].index("norm")
    for number in range(values["conv_layers"]):
        for place in range(values["convs_per_pool"]):
            stack.append(
                layers.Conv2D(
                    values["filters"] * 2**number,
                    values["kernel_size"],
                    1 if place else values["stride"],
                    "same",
                    use_bias=biased,
                    kernel_regularizer=l2,
                    dtype=precision,
                )
            )
            for part in values["layer_order"].split("_")[1:]:
                if part == "norm" and batch_norm:
                    stack.append(layers.BatchNormalization(dtype=precision))
                elif part == "activation":
                    stack.append(layers.Activation(values["activation"], dtype=precision))
                elif part == "pool" and place == values["convs_per_pool"] - 1:
                    stack.append(layers.MaxPooling2D(values["pool_size"], dtype=precision))
    classes = len(data.classes)
    flat = {"none": layers.Flatten, "average": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
    stack += [
        flat[values["global_pooling"]](dtype=precision),
        layers.Dense(2 * classes, values["activation"], kernel_regularizer=l2, dtype=precision),
        layers.Dropout(values["dropout"], seed=0, dtype=precision),
        layers.Dense(classes, kernel_regularizer=l2, dtype=precision),
        layers.Activation("softmax", dtype="float32"),
    ]
    return keras.Sequential(stack)


def keras_rate(values: Values, data: Dataset) -> Any:
    """The learning rate, or Keras' own schedule of the same name."""
    rate, schedules = values["learning_rate"], keras.optimizers.schedules
    epoch_steps = -(-len(data.y_train) // values["batch_size"])
    steps, warmup = values["epochs"] * epoch_steps, int(values["warmup_epochs"] * epoch_steps)
    if values["schedule"] == "step":
        drops = [math.ceil(steps / 2) - 1, math.ceil(steps * 3 / 4) - 1]  # the last step before each drop
        return schedules.PiecewiseConstantDecay(drops, [rate, rate / 10, rate / 100])
    if values["schedule"] == "exponential":
        return schedules.ExponentialDecay(rate, steps, 0.01)
    if warmup:
        return schedules.CosineDecay(0.0, steps - warmup, warmup_target=rate, warmup_steps=warmup)
    return schedules.CosineDecay(rate, steps) if values["schedule"] == "cosine" else rate


def fit(
    values: Values, data: Dataset, precision: str = "float32", class_weight: dict[int, float] | None = None
) -> list[dict[str, float]]:
    """Train with Keras' ``compile`` and ``fit`` on what our training sees."""
    model = plain_network(values, data, precision)
    set_first_weights(model, SEED)
    optimizer = {
        "adam": keras.optimizers.Adam,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
        "adamw": keras.optimizers.AdamW,
        "nadam": keras.optimizers.Nadam,
    }[values["optimizer"]](keras_rate(values, data))
    if "weight_decay" in values:
        optimizer.weight_decay = values["weight_decay"]
    loss = values["loss"]
    if values["label_smoothing"]:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=values["label_smoothing"])
    crossentropy = keras.metrics.CategoricalCrossentropy(name="crossentropy")
    model.compile(optimizer, loss, metrics=["accuracy", crossentropy])
    scale, one_hot = np.float32(1 / 255), np.eye(len(data.classes), dtype=np.float32)
    x_train, x_val = data.x_train.astype(np.float32) * scale, data.x_val.astype(np.float32) * scale
    curve = []
    for epoch in range(1, values["epochs"] + 1):
        order = epoch_order(len(x_train), SEED, epoch)
        history = model.fit(
            x_train[order],
            one_hot[data.y_train[order]],
            batch_size=values["batch_size"],
            shuffle=False,
            verbose=0,
            class_weight=class_weight,
            validation_data=(x_val, one_hot[data.y_val]),
        )
        curve.append({name: told[-1] for name, told in history.history.items()})
    return curve


def test_every_loss_and_optimizer_is_compared_below() -> None:
    marks = test_each_loss_and_each_optimizer_gives_the_curve_that_fit_gives.pytestmark
    losses, optimizers = zip(*next(mark.args[1] for mark in marks if mark.name == "parametrize"), strict=True)
    assert set(losses) == set(LOSSES)
    assert {*optimizers, "adam"} == set(OPTIMIZERS)


def compare(
    ours: list[dict[str, Any]], theirs: list[dict[str, float]], rel: float, accuracy: float = 1e-6
) -> None:
    assert len(ours) == len(theirs)
    for mine, keras_says in zip(ours, theirs, strict=True):
        assert mine.keys() == keras_says.keys()
        for name, value in keras_says.items():
            near = pytest.approx(value, abs=accuracy) if "accuracy" in name else pytest.approx(value, rel=rel)
            assert mine[name] == near, name


@pytest.mark.long
@pytest.mark.parametrize(
    ("loss", "optimizer"),
    [
        ("poisson", "sgd"),
        ("mean_squared_error", "nadam"),
        ("categorical_crossentropy", "rmsprop"),
        ("categorical_crossentropy", "adamw"),
    ],  # and adam in most tests below
)
def test_each_loss_and_each_optimizer_gives_the_curve_that_fit_gives(
    train: Any, values: Callable[..., Values], fruit: Dataset, loss: str, optimizer: str
) -> None:
    changed = {"loss": loss, "optimizer": optimizer, "dropout": 0.3, "learning_rate": 3e-3}
    assert len(fruit.y_train) % 16, "the last batch must be a smaller one"
    ours = train(seed=SEED, **changed)
    assert ours.outcome.status == "complete"
    compare(ours.curve, fit(values(**changed), fruit), rel=2e-4)


@pytest.mark.long
def test_penalties_and_batch_normalisation_mean_what_they_mean_in_fit(
    train: Any, values: Callable[..., Values], fruit: Dataset
) -> None:
    changed = {"l2": 0.01, "batch_norm": "on"}
    ours = train(seed=SEED, dropout=0.3, **changed)
    assert ours.outcome.status == "complete"
    compare(ours.curve, fit(values(dropout=0.3, **changed), fruit), rel=5e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {
            "optimizer": "sgd",
            "schedule": "cosine",
            "warmup_epochs": 1.0,
            "label_smoothing": 0.2,
            "weight_decay": 0.1,
        },
        *(
            pytest.param(changed, marks=pytest.mark.long)
            for changed in (
                {"schedule": "step", "label_smoothing": 0.2},
                {"schedule": "exponential", "weight_decay": 0.1},
                {"schedule": "cosine", "warmup_epochs": 1.0},
                {"optimizer": "adamw", "weight_decay": 0.0, "schedule": "cosine"},
            )
        ),
    ],
    ids=str,
)
def test_what_each_step_is_given_means_what_it_means_in_fit(
    train: Any, values: Callable[..., Values], fruit: Dataset, changed: Values
) -> None:
    changed = {"epochs": 3, "learning_rate": 0.01, **changed}
    ours = train(seed=SEED, **changed)
    plain = {name: changed[name] for name in ("epochs", "learning_rate", "optimizer") if name in changed}
    assert ours.curve != train(seed=SEED, **plain).curve
    compare(ours.curve, fit(values(**changed), fruit), rel=5e-4)


@pytest.mark.long
def test_class_weights_mean_what_they_mean_in_fit(
    train: Any, values: Callable[..., Values], fruit: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = [0.2, 1.0, 1.8]
    monkeypatch.setattr(training, "balanced_weights", lambda data: weights)
    one = training.PaperWorkload("cpu", 1)
    ours = train(seed=SEED, class_weight="balanced", with_workload=one)
    compare(ours.curve, fit(values(), fruit, class_weight=dict(enumerate(weights))), rel=5e-4)
    compare(train(seed=SEED, with_workload=one).curve, fit(values(), fruit), rel=5e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"loss": "poisson", **NORMALISED},
        pytest.param(
            {"batch_norm": "on", "layer_order": "conv_pool_norm_activation", "convs_per_pool": 2},
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"activation": "gelu", "layer_order": "conv_pool_activation_norm", "global_pooling": "average"},
            marks=pytest.mark.long,
        ),
    ],
    ids=str,
)
def test_what_the_network_is_built_of_means_what_it_means_in_fit(
    train: Any, values: Callable[..., Values], fruit: Dataset, changed: Values
) -> None:
    ours = train(seed=SEED, dropout=0.3, **changed)
    assert ours.outcome.status == "complete"
    assert len(fruit.y_train) % 16, "the last batch must be a smaller one"
    compare(ours.curve, fit(values(dropout=0.3, **changed), fruit), rel=5e-4)
    again = train(seed=SEED, dropout=0.3, **changed)
    assert again.curve == ours.curve, "what was trained before must leave nothing behind"


@pytest.mark.long
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_gives_the_curve_that_fit_gives(
    train: Any, values: Callable[..., Values], fruit: Dataset, precision: str
) -> None:
    ours = train(seed=SEED, settings={"precision": precision}, dropout=0.0)
    theirs = fit(values(dropout=0.0), fruit, precision)
    compare(ours.curve, theirs, rel=0.02, accuracy=0.1)


@pytest.mark.long
def test_xla_gives_the_curve_that_plain_graphs_give(train: Any) -> None:
    tiny = {"dropout": 0.0, "epochs": 1, "conv_layers": 1, "filters": 2, "batch_size": 54}
    plain = train(**tiny)
    compiled = train(**tiny, settings={"jit": True})
    assert compiled.outcome.status == "complete"
    compare(compiled.curve, plain.curve, rel=1e-3, accuracy=0.06)


@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "selu", "silu", "tanh", "leaky_relu"])
def test_our_network_computes_what_the_plain_one_computes(
    values: Callable[..., Values], fruit: Dataset, activation: str
) -> None:
    told = values(activation=activation)
    ours, plain = build_model(told, fruit.image_size, 3), plain_network(told, fruit)
    for model in (ours, plain):
        set_first_weights(model, SEED)
    for model in (ours, plain):
        for place, weight in enumerate(model.trainable_variables):  # biases that matter
            if len(weight.shape) == 1:
                weight.assign(np.random.default_rng(place).normal(0, 0.3, weight.shape))
    images = fruit.x_val.astype(np.float32) / 255
    probabilities = keras.ops.softmax(ours(images))
    np.testing.assert_allclose(probabilities, plain(images), atol=2e-6)
    assert ours.count_params() == plain.count_params()
