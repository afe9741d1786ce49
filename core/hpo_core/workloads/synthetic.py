"""A workload without a framework: plausible learning curves, computed from the values and the seed in no time.

For trying the engine and the screen, and for tests of both. What it shows is made up, but tells the usual story:
too high a learning rate collapses to chance, too low a one lags, more filters help, the loss is noise.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpo_core.journal.events import DataPrepared, Job, Probe
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import direction_of
from hpo_core.plan.probes import Answer, acts_on_length
from hpo_core.plan.workloads import MEASURED, PAPER_METRICS
from hpo_core.workloads.probing import take_prints
from hpo_core.workloads.winner import Winner
from hpo_core.workloads.workload import CountProgress, Outcome, Reporter, Setting, StopSignal

PACE = "HPO_SYNTHETIC_SECONDS_PER_EPOCH"
"""Environment variable: seconds for each epoch (0.05), where ``data["seconds_per_epoch"]`` does not say."""

FAULTS = "HPO_SYNTHETIC_FAULTS"
"""Environment variable: a fault for some trials at their second chunk, such as ``"2=error,5=kill"``.

``error`` and ``memory`` raise, ``kill`` and ``crash`` end the process by SIGKILL and SIGSEGV, ``exit`` leaves,
``hang`` never comes back. Probes are trial 0.
"""

WIRING = "HPO_SYNTHETIC_WIRING"
"""Environment variable: how probes find hyperparameters wired that are wired otherwise than to every step.

``"loss=nothing,l2=late,batch_size=random"``: to nothing, to what happens between epochs, or to no seed.
"""

HOLD = "HPO_SYNTHETIC_HOLD"
"""Environment variable: a file; while it is there, trainings that have begun wait."""

BEST_RATE = {"adam": 1e-3, "adamw": 1e-3, "nadam": 1e-3, "rmsprop": 7e-4, "sgd": 5e-2}
"""Where each optimizer's curves are best; a training diverges from 300 times this on."""

_CHUNKS = 10


def synthetic_curve(values: Mapping[str, Value], seed: int, epochs: int, classes: int) -> list[dict[str, float]]:
    """Return each epoch's ``MEASURED``, also on validation: a pure function of its arguments.

    The curve ends early, with NaN losses in its last epoch, where the training diverges. Missing values count as
    the paper's network has them.
    """
    chance = 1 / classes
    rate = float(values.get("learning_rate", 1e-3))
    distance = math.log10(rate / BEST_RATE.get(str(values.get("optimizer", "adam")), 1e-3))
    # The seed alone decides how lucky a training is: where trials share their seeds, replicates are blocks.
    luck = random.Random(seed).gauss(0, 1)
    identity = json.dumps([seed, sorted((name, value) for name, value in values.items() if name != "epochs")])
    noise = random.Random(int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big"))

    capacity = float(values.get("filters", 12)) * 2.0 ** (int(values.get("conv_layers", 3)) - 3)
    dropout = float(values.get("dropout", 0.05))
    ceiling = 0.985 - 0.11 * (12 / capacity) ** 0.9 - 0.05 * max(dropout - 0.3, 0.0) + 0.006 * luck
    ceiling -= 0.07 * max(distance, 0.0) ** 2
    speed = 1.5 * 10 ** (0.62 * min(distance, 0.0)) * (capacity / 24) ** 0.15
    collapses = noise.random() < 1 / (1 + math.exp(-7 * (distance - 1.0)))

    curve = []
    for epoch in range(1, epochs + 1):
        if distance >= math.log10(300):
            curve.append(dict.fromkeys(PAPER_METRICS, math.nan))
            break
        learnt = 0.0 if collapses else 1 - math.exp(-speed * epoch)
        spread = 0.004 if collapses else 0.012 + 0.02 * max(distance, 0.0)
        seen = chance + (ceiling - chance) * learnt
        trained, validated = (
            min(max(seen + noise.gauss(0, spread) - lag * (1 - learnt), chance / 2), 0.999) for lag in (0.05, 0.02)
        )
        seen_in = (("", trained, 0.9), ("val_", validated, 1.0))
        curve.append(
            {
                kind + name: share if direction_of(name) == "max" else -math.log(share) * weight
                for kind, share, weight in seen_in
                for name in MEASURED
            }
        )
    return curve


def synthetic_data(data: Mapping[str, Any]) -> DataPrepared:
    """Return what a worker would say of images that the ``[data]`` table describes."""
    classes = int(data.get("classes", 10))
    size = data.get("image_size") or (100, 100)
    return DataPrepared(
        fingerprint="synthetic",
        train=classes * int(data.get("train_per_class", 48)),
        validation=classes * int(data.get("validation_per_class", 16)),
        classes=tuple(f"class {number}" for number in range(1, classes + 1)),
        image_size=(int(size[0]), int(size[1])),
        seconds=0.0,
    )


class SyntheticWorkload:
    """Walks through ``synthetic_curve`` at the pace asked for."""

    device = "cpu"

    def __init__(self) -> None:
        self._said_data = False

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Tell the curve of ``job``, ten chunks an epoch."""
        classes = int(job.data.get("classes", 10))
        if not self._said_data:
            report.data(synthetic_data(job.data))
            self._said_data = True
        report.started()
        epochs = int(job.values["epochs"])
        pace = float(job.data.get("seconds_per_epoch", os.environ.get(PACE, "0.05")))
        fault = _assigned(FAULTS).get(str(job.trial))
        parameters = 1000 * int(job.values.get("filters", 12))
        for epoch, metrics in enumerate(synthetic_curve(job.values, job.seed, epochs, classes), 1):
            began = time.monotonic()
            for chunk in range(_CHUNKS):
                while os.path.exists(os.environ.get(HOLD, "")) and not stop.now:  # noqa: PTH110 - "" is no file
                    time.sleep(0.01)
                if stop.now:
                    return Outcome("stopped", f"Stopped in epoch {epoch}.", "stopped", parameters)
                if fault and chunk == 1:
                    _suffer(fault)
                report.progress(epoch, chunk, _CHUNKS, {"accuracy": metrics["accuracy"], "loss": metrics["loss"]})
                time.sleep(pace / _CHUNKS)
            if math.isnan(metrics["loss"]):
                return Outcome("diverged", f"loss is NaN at epoch {epoch}", "diverged", parameters)
            report.epoch(epoch, metrics, time.monotonic() - began)
            if stop.at_epoch_end and epoch < epochs:
                return Outcome("stopped", f"Stopped after epoch {epoch}.", "stopped", parameters)
        return Outcome("complete", parameters=parameters)

    def probe(self, probe: Probe, report: Reporter, stop: StopSignal) -> Answer:
        """Make prints up, of the values that are wired to something."""
        fault = _assigned(FAULTS).get("0")
        if fault and probe.steps:
            _suffer(fault)
        batch = int(probe.job.values.get("batch_size", 64))
        epoch_steps = -(-synthetic_data(probe.job.data).train // batch)
        return take_prints(probe, epoch_steps, report, stop, lambda: _Steps(probe.job))


class _Steps:
    """Learns nothing but the values that each step is wired to."""

    def __init__(self, job: Job) -> None:
        self._wiring = _assigned(WIRING)
        self._values = {name: value for name, value in job.values.items() if not acts_on_length(name)}
        self._learnt = f"{job.seed}"

    def step(self, epoch: int, place: int) -> float:
        """Learn the values once more."""
        self._learn({name: value for name, value in self._values.items() if name not in self._wiring})
        if "random" in self._wiring.values():
            self._learnt += os.urandom(4).hex()
        return 1 / (epoch + place)

    def weights(self) -> list[bytes]:
        """Return what was learnt."""
        return [self._learnt.encode()]

    def end_epoch(self) -> None:
        """Learn what is wired to this."""
        self._learn({name: value for name, value in self._values.items() if self._wiring.get(name) == "late"})

    def _learn(self, values: Mapping[str, Value]) -> None:
        self._learnt += json.dumps(dict(values), sort_keys=True)


def check(data: Mapping[str, Any], progress: CountProgress | None = None) -> str:
    """Look at the images as if they were trained on: what is tried out here would fail there."""
    from hpo_core.workloads.images.dataset import check as check_images  # brings in numpy

    return check_images(data, progress)


def has_model(material: Mapping[str, Any]) -> bool:
    """Return false: nothing is trained."""
    return False


def write_script(winner: Winner, to: Path) -> str:
    """Write nothing, and say why."""
    return "There is no train.py: these results are made up, and nothing was trained."


def data_now(material: Mapping[str, Any]) -> str:
    """Return "": made-up results are of no images."""
    del material
    return ""


def start(setting: Setting) -> SyntheticWorkload:
    """Return the workload; it needs nothing of what a real one is given."""
    del setting
    return SyntheticWorkload()


def _assigned(variable: str) -> dict[str, str]:
    """Return what an environment variable assigns: "a=b,c=d"."""
    return dict(part.split("=") for part in os.environ.get(variable, "").split(",") if part)


def _suffer(fault: str) -> None:
    match fault:
        case "error":
            raise ValueError("a fault was asked for")
        case "memory":
            raise MemoryError("a fault was asked for")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            sys.stderr.flush()
            os._exit(3)
        case "hang":
            while True:
                time.sleep(3600)
        case _:
            raise ValueError(f"{FAULTS} names an unknown fault {fault!r}")
