"""The user's own training as a workload: what looks at it without running it, and what starts it."""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpo_core.errors import DataError
from hpo_core.plan.data_source import OWN
from hpo_core.text import clean
from hpo_core.workloads.keras_process import show_one_device
from hpo_core.workloads.own.contracts import HYPERMODEL, OwnFile, read_own_file
from hpo_core.workloads.own.script import write_script
from hpo_core.workloads.workload import CountProgress, Setting, Workload

__all__ = ["check", "has_model", "start", "write_script"]

NO_DATA = ("build_model", HYPERMODEL)
"""The contracts that say nothing of data: ``data()`` beside them does, or the spec."""


def has_model(material: Mapping[str, Any]) -> bool:
    """Whether the file builds a Keras model; a function's model is its own, and so is a command's."""
    model = material["model"]
    return "file" in model and bool(read_own_file(Path(model["file"])).contract.needs)


def check(data: Mapping[str, Any], progress: CountProgress | None = None) -> str:
    """Look at the file or command, and at the ``[data]`` where there is some; nothing of the user's is run."""
    model = data["model"]
    if "command" in model:
        program = shlex.split(model["command"])[0]
        if shutil.which(program, path=None) is None and not Path(model["folder"], program).exists():
            raise DataError(f"There is no program {clean(program)} to run; [model] command names it.")
        if data["source"] != OWN:
            raise DataError("A program loads its own data: take [data] out of the spec, or [model] command.")
        return clean(f"{model['command']}, in {model['folder']}")
    own = read_own_file(Path(model["file"]))
    if own.contract.needs and importlib.util.find_spec(own.contract.needs) is None:
        raise DataError(f"{own.contract.needs} is not installed here; {own.path.name} needs it.")
    said = f"{clean(own.path.name)}: {own.contract.meaning}"
    if data["source"] == OWN:
        if own.contract.name in NO_DATA and "data" not in own.defines:
            raise DataError(
                f"{clean(own.path)} has no data(), and the spec no table [data]: one of them must say what to "
                "train on. data() returns (x, y), (x_validation, y_validation)."
            )
        return said
    if own.contract.name not in NO_DATA or "data" in own.defines:
        brings = "data()" if own.contract.name in NO_DATA else own.contract.name
        raise DataError(f"{clean(own.path)} brings its own data, with {brings}: take [data] out of the spec.")
    from hpo_core.workloads.images.dataset import check as check_images
    from hpo_core.workloads.own.arrays import are_arrays, check_arrays

    table = {name: value for name, value in data.items() if name != "model"}
    return f"{said}; {check_arrays(table) if are_arrays(table) else check_images(table, progress)}"


def data_now(material: Mapping[str, Any]) -> str:
    """Return the fingerprint of the files in ``[data]``; "" where the user's own code brings the data."""
    from hpo_core.workloads.images.dataset import data_now as images_now
    from hpo_core.workloads.own.arrays import are_arrays, read_arrays

    if are_arrays(material):
        return read_arrays(material)[2].fingerprint
    return images_now({name: value for name, value in material.items() if name != "model"})


def start(setting: Setting) -> Workload:
    """Return what trains; of TensorFlow nothing is imported but for a Keras model."""
    model = dict((setting.data or {})["model"])
    if "command" in model:
        from hpo_core.workloads.own.command import CommandWorkload

        show_one_device(setting.device)
        return CommandWorkload(model, setting.device)
    own: OwnFile = read_own_file(Path(model["file"]))
    module = importlib.import_module(f"hpo_core.workloads.own.{own.contract.module}")
    return module.start(own, Path(model["folder"]), setting)  # type: ignore[no-any-return]
