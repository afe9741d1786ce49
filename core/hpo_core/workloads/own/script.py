"""The script that trains one trial of the user's own file or command without hpo-tui."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any

from hpo_core.plan.data_source import OWN
from hpo_core.plan.model_source import IN_OUT, OUT
from hpo_core.plan.setting import Value
from hpo_core.workloads.images.read_script import reading
from hpo_core.workloads.own.command import filled
from hpo_core.workloads.own.contracts import HYPERMODEL, SEARCH, read_own_file
from hpo_core.workloads.winner import Winner, names

_HEAD = '''\
"""Trains trial {trial} of the session {session} without hpo-tui.

Each run differs as the session's replicates did: {expected}.
"""

{imports}

VALUES = {values}
SEED = {seed}
'''

_ASKED = '''

class Asked(dict):
    """Answers as KerasTuner's hp and Optuna's trial do: with the values above, else with the code's defaults."""

    seed = SEED

    def Choice(self, name, values, ordered=None, default=None, **_):
        return self.setdefault(name, values[0] if default is None else default)

    def Int(self, name, min_value, max_value=None, step=None, sampling=None, default=None, **_):
        return self.setdefault(name, min_value if default is None else default)

    def Boolean(self, name, default=False, **_):
        return self.setdefault(name, default)

    def Fixed(self, name, value, **_):
        return self.setdefault(name, value)

    def report(self, value=None, step=None, **metrics):
        print(*(() if value is None else (value,)), *(f"{name}={number}" for name, number in metrics.items()))

    def should_prune(self):
        return False

    def set_user_attr(self, name, value):
        print(name, value)

    Float = suggest_float = suggest_int = Int
    suggest_categorical = Choice


hp = Asked(VALUES)
'''

_FIT = """
{data}

def named(data):
    return dict(zip(("x", "y", "sample_weight"), data)) if isinstance(data, (tuple, list)) else {{"x": data}}


model = {build}
{fit}(
    **named(train),
    validation_data=validation,
    epochs=hp.get("epochs", 1),
    batch_size=hp.get("batch_size", 32) if isinstance(train, (tuple, list)) else None,
    callbacks={callbacks},
)
model.save(pathlib.Path(__file__).with_name("trained.keras"))
"""

_CALL = """
random.seed(SEED)
result = {call}
for metrics in result if hasattr(result, "__next__") else () if result is None else (result,):
    print(metrics)
"""


def write_script(winner: Winner, to: Path) -> str:
    """Write ``train.py`` and a copy of the user's file; return a sentence on it. Raises ``DataError``."""
    model: dict[str, Any] = dict(winner.material["model"])
    if "command" in model:
        return _of_command(winner, model, to)
    own = read_own_file(Path(model["file"]))
    shutil.copyfile(own.path, to / own.path.name)
    if own.contract.name == SEARCH:
        return (
            f"No train.py: {own.path.name} searches when it is run. `hpo-tui run spec.toml` trains this trial by "
            "it; without hpo-tui, give its tuner the values of spec.toml."
        )
    text, sentence = _HEAD, "`python train.py` trains this configuration once more, without hpo-tui."
    module = f"importlib.import_module({own.path.stem!r})"
    imports = ["import importlib"]
    if own.contract.needs:
        imports += ["import pathlib", "", "import keras", "import numpy as np"]
        images = winner.material["source"] != OWN and "data" not in own.defines
        data = "train, validation = module.data()\n"
        if images:
            data = reading({k: v for k, v in winner.material.items() if k != "model"}, to)[0] + (
                "train, validation = (x_train, y_train.argmax(axis=1)), (x_val, y_val.argmax(axis=1))\n"
            )
        callbacks = "module.callbacks(hp)" if "callbacks" in own.defines else "[]"
        build, fit = "module.build_model(hp)", "model.fit"
        before = f"\nmodule = {module}\nkeras.utils.set_random_seed(SEED)\n"
        if own.contract.name == HYPERMODEL:
            before += f"hypermodel = module.{own.hypermodel}()\n"
            build, fit = "hypermodel.build(hp)", "hypermodel.fit"
        body = before + _FIT.format(data=data, build=build, fit=fit, callbacks=callbacks)
        if own.contract.name == HYPERMODEL:
            body = body.replace("hypermodel.fit(\n", "hypermodel.fit(\n    hp,\n    model,\n")
    else:
        imports += ["import random"]
        call = "module.train(hp, hp.report)" if own.contract.name == "train" else "module.objective(hp)"
        body = f"\nmodule = {module}\n" + _CALL.format(call=call)
        sentence += " There is no model.keras: what a function trains is its own to save."
    text = text + _ASKED + body
    filled = text.replace("{trial}", str(winner.trial)).replace("{session}", winner.session)
    filled = filled.replace("{expected}", winner.expected).replace("{imports}", "\n".join(imports))
    filled = filled.replace("{values}", names(winner.values)).replace("{seed}", str(winner.seed % 2**32))
    (to / "train.py").write_text(filled, encoding="utf-8")
    return sentence


_COMMAND = '''\
"""Runs the command of trial {trial} of the session {session}: {expected}."""

import pathlib
import subprocess

OUT = pathlib.Path(__file__).resolve().with_name("out")
OUT.mkdir(exist_ok=True)
WORDS = {words!r}
subprocess.run([word.replace("{{out}}", str(OUT)) for word in WORDS], cwd={folder}, check=True)
'''


def _of_command(winner: Winner, model: dict[str, Any], to: Path) -> str:
    values: dict[str, Value] = {OUT: "{out}", **winner.values, "seed": winner.seed}
    words = [filled(word, values) for word in shlex.split(model["command"])]
    folder = "OUT" if model["folder"] == IN_OUT else repr(str(model["folder"]))
    text = _COMMAND.format(
        trial=winner.trial, session=winner.session, expected=winner.expected, words=words, folder=folder
    )
    (to / "train.py").write_text(text, encoding="utf-8")
    return f"`python train.py` runs it once more: `{shlex.join(words)}`. A command keeps what it trains itself."
