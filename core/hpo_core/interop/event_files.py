"""TensorBoard's event files in: the HParams and the scalars of each run, in any folder below the one given.

They are read by TensorBoard's own packages, without TensorFlow. A run is a folder with HParams; the scalars of
folders within it belong to it (Keras' ``train`` and ``validation``), and those of the folder around it where it is
the only one (PyTorch's ``add_hparams``). Where no folder has HParams each is a run whose name says its settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hpo_core.errors import TableError
from hpo_core.interop.column_words import is_setting
from hpo_core.interop.extras import extra
from hpo_core.interop.flat import Record
from hpo_core.interop.records import curve_records
from hpo_core.plan.metrics import is_metric
from hpo_core.text import clean

_OF_KERAS = re.compile(r"(epoch_|hparam/)(?=.)")
_IN_BATCHES = re.compile(r"batch_.*|evaluation_.*_vs_iterations|.*steps_per_second|keras|_hparams_/.*")

Points = dict[str, list[tuple[int, float]]]


def records_of_events(folder: Path, named: Callable[[str], Mapping[str, str]]) -> list[Record]:
    """Return a record for each step of each run below a folder. Raises ``TableError``."""
    hparams: dict[Path, dict[str, Any]] = {}
    scalars: dict[Path, Points] = {}
    for file in sorted(path for path in folder.rglob("*tfevents*") if path.is_file()):
        for found, value in _events(file):
            if isinstance(found, dict):
                hparams.setdefault(file.parent, {}).update(found)
            else:
                scalars.setdefault(file.parent, {}).setdefault(found, []).append(value)
    runs = sorted(hparams) or sorted(scalars)
    records: list[Record] = []
    for run in runs:
        values: Mapping[str, Any] = hparams.get(run, {}) or named(run.name)
        lead = {
            "run": run.relative_to(folder).as_posix(),
            **{_config(key): value for key, value in values.items()},
        }
        around = [run.parent] if sum(other.parent == run.parent for other in runs) == 1 and run != folder else []
        points: Points = {}
        for place in (*around, *(path for path in sorted(scalars) if path == run or _nearest(path, runs) == run)):
            for tag, curve in scalars.get(place, {}).items():
                points.setdefault(_metric(tag, place.name if place not in (run, run.parent) else ""), []).extend(
                    curve
                )
        kept = {name: sorted(curve, key=lambda one: one[0]) for name, curve in points.items() if _is_result(name)}
        records += curve_records(lead, kept)
    return records


def _nearest(path: Path, runs: list[Path]) -> Path | None:
    return next((around for around in path.parents if around in runs), None)


def _config(key: str) -> str:
    return key if key.startswith("config/") else f"config/{key}"


def _is_result(name: str) -> bool:
    return not _IN_BATCHES.fullmatch(name) and (is_metric(name) or not is_setting(name))


def _metric(tag: str, within: str) -> str:
    """Return a tag as a metric: Keras' epoch_loss of its folder "validation" is val_loss."""
    tag = _OF_KERAS.sub("", tag, count=1)
    if within in ("validation", "val"):
        return f"val_{tag}"
    return tag if within in ("", "train") else f"{within}/{tag}"


def _events(file: Path) -> Iterator[tuple[Any, Any]]:
    """Yield what a file tells: (HParams, None), or (tag, (step, value))."""
    what = f"Reading {clean(file.name, 80)}"
    stub = extra("tensorboard.compat.tensorflow_stub.pywrap_tensorflow", "tensorboard", what)
    errors = extra("tensorboard.compat.tensorflow_stub.errors", "tensorboard", what)
    event = extra("tensorboard.compat.proto.event_pb2", "tensorboard", what).Event
    metadata = extra("tensorboard.plugins.hparams.metadata", "tensorboard", what)
    ndarray = extra("tensorboard.util.tensor_util", "tensorboard", what).make_ndarray
    reader = stub.PyRecordReader_New(str(file))
    while True:
        try:
            reader.GetNext()
        except errors.OutOfRangeError:
            return
        except Exception as error:  # noqa: BLE001 - whatever a foreign file makes of a foreign package
            raise TableError(
                f"{clean(file.name, 80)} is damaged: {clean(error, 80)}; nothing was imported."
            ) from None
        found = event.FromString(reader.record())
        for value in found.summary.value:
            plugin = value.metadata.plugin_data
            if value.tag == metadata.SESSION_START_INFO_TAG and plugin.plugin_name == metadata.PLUGIN_NAME:
                told = metadata.parse_session_start_info_plugin_data(plugin.content).hparams
                yield {key: getattr(one, one.WhichOneof("kind") or "", "") for key, one in told.items()}, None
            elif value.WhichOneof("value") == "simple_value":
                yield value.tag, (found.step, float(value.simple_value))
            elif value.WhichOneof("value") == "tensor" and plugin.plugin_name in ("scalars", ""):
                array = ndarray(value.tensor)
                if array.size == 1 and array.dtype.kind in "fiu":
                    yield value.tag, (found.step, float(array.reshape(())))
