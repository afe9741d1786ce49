"""The script that trains one trial of the paper's network with Keras alone: short, and to be read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.setting import Value
from hpo_core.text import joined
from hpo_core.workloads.images.read_script import reading
from hpo_core.workloads.paper.plain_layers import plain_layers
from hpo_core.workloads.winner import Winner

_SHAPES = {
    "step": "0.1 ** ((done >= 0.5) + (done >= 0.75))",
    "exponential": "0.01**done",
    "cosine": "0.5 * (1 + math.cos(math.pi * done))",
    "one_cycle": (
        "(\n"
        "        1 / 25 + 24 / 50 * (1 - math.cos(math.pi * done / 0.3))\n"
        "        if done < 0.3\n"
        "        else 4e-6 + (1 - 4e-6) / 2 * (1 + math.cos(math.pi * (done - 0.3) / 0.7))\n"
        "    )"
    ),
}
"""The learning rate's factor by the share of the steps that is done; see ``schedules``."""

_RATE = '''

def factor(done):
    """Return what the learning rate is multiplied by when this share of the steps is done."""
    return {shape}


class Rate(keras.callbacks.Callback):
    """Sets the learning rate of each step."""

    step, warmup, steps = 0, {warmup} * STEPS, EPOCHS * STEPS

    def on_train_batch_begin(self, batch, logs=None):
        done = max(self.step - self.warmup, 0) / max(self.steps - self.warmup, 1)
        {when}self.model.optimizer.learning_rate = {rate!r} * factor(min(done, 1)){rising}
        self.step += 1
'''

_SCRIPT = '''\
"""Trains trial {trial} of the session {session}: Keras and numpy, and nothing else.

The first weights are drawn anew, so that each run differs as the session's replicates did:
{expected}.
"""

{imports}

keras.utils.set_random_seed({seed})

{reading}
EPOCHS, BATCH = {epochs}, {batch}
STEPS = -(-len(x_train) // BATCH)
{rate}{extra}
model = keras.Sequential(
    [
        keras.Input(({height}, {width}, 3)),  # pixels from 0 to 255
{layers}
    ]
)
model.compile(
    optimizer=keras.optimizers.{optimizer},
    loss="{loss}",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    epochs=EPOCHS,
    batch_size=BATCH,
    validation_data=(x_val, y_val),{fit}
)
model.save(pathlib.Path(__file__).with_name("trained.keras"))
'''

_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adamw": "AdamW", "nadam": "Nadam"}


class _Asked(Mapping[str, Value]):
    """A training's values that know which of them were asked for: the others are in no line of the script."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self._asked = set[str]()

    def __getitem__(self, name: str) -> Value:
        self._asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def left_out(self) -> list[str]:
        """Return the names of those that change a training, and that nobody asked for."""
        there = {name: value for name, value in self._values.items() if name not in self._asked}
        return [name for name, value in there.items() if name not in KNOWN or value != KNOWN[name].default]


def write_script(winner: Winner, to: Path) -> str:
    """Write ``train.py``, and the images where no file has them; return a sentence on it. Raises ``DataError``."""
    values = _Asked(winner.values)
    read, (height, width), classes = reading(winner.material, to)
    precision = str(winner.settings.get("precision", "float32"))
    layers = [f"{layer}," for layer in plain_layers(values, (height, width), classes, precision)]
    flip, shift = float(values["horizontal_flip"]), float(values["shift"])
    if shift:
        layers.insert(1, f'layers.RandomTranslation({shift!r}, {shift!r}, fill_mode="nearest"),')
    if flip:
        seen = "" if flip == 0.5 else f"  # half of the images; in the session {flip:g} of them"
        layers.insert(1, f'layers.RandomFlip("horizontal"),{seen}')
    schedule, warmup = str(values["schedule"]), float(values["warmup_epochs"])
    callbacks, fit, extra = [], "", ""
    rate = ""
    if schedule in _SHAPES or warmup:
        rate = _RATE.format(
            shape=_SHAPES.get(schedule, "1.0"),
            warmup=f"{warmup:g}",
            rate=float(values["learning_rate"]),
            when="" if schedule in _SHAPES else "if self.step <= self.warmup:\n            ",
            rising=" * min(self.step / self.warmup, 1)" if warmup else "",
        )
        callbacks.append("Rate()")
    if schedule == "reduce_on_plateau":
        callbacks.append("keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=2, min_delta=0)")
    if int(values["early_stopping"]):
        callbacks.append(f'keras.callbacks.EarlyStopping("val_loss", patience={int(values["early_stopping"])})')
    if callbacks:
        fit += f"\n    callbacks=[{', '.join(callbacks)}],"
    if str(values["class_weight"]) == "balanced":
        extra += "counts = y_train.sum(axis=0)\n"
        fit += "\n    class_weight={label: len(y_train) / (len(counts) * n) for label, n in enumerate(counts)},"
    if smoothing := float(values["label_smoothing"]):
        extra += f"y_train = y_train * (1 - {smoothing!r}) + {smoothing!r} / y_train.shape[1]\n"
    decay = values.get("weight_decay")
    decayed = "" if decay is None else f", weight_decay={float(decay)!r}"
    imports = ["import keras", "import numpy as np", "from keras import layers"]
    imports = ["import math", *imports] if rate else imports
    text = _SCRIPT.format(
        trial=winner.trial,
        session=winner.session,
        expected=winner.expected,
        imports="\n".join([*imports[:-3], "import pathlib", "", *imports[-3:]]),
        seed=winner.seed % 2**32,
        reading=read,
        epochs=int(values["epochs"]),
        batch=int(values["batch_size"]),
        rate=rate and f"{rate}\n",
        extra=extra,
        height=height,
        width=width,
        layers=textwrap.indent("\n".join(layers), " " * 8),
        optimizer=f"{_OPTIMIZERS[str(values['optimizer'])]}({float(values['learning_rate'])!r}{decayed})",
        loss=str(values["loss"]),
        fit=fit,
    )
    (to / "train.py").write_text(text, encoding="utf-8")
    left_out = values.left_out()
    return (
        "`python train.py` trains this configuration once more, with Keras alone, "
        f"{f'but for {joined(left_out)}, ' if left_out else ''}and saves `trained.keras`."
    )
