"""One process of gpu.py: compiles, says "ready", waits for a line, measures, prints what it saw as JSON.

Usage: ``gpu_parts.py ASKED``, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

EPOCHS = 3
"""So many are timed after the first, and the best counts."""

SEED = 1


@dataclass(frozen=True)
class Asked:
    """What is measured: a ``way`` ("hpo-tui" or "fit"), and how; ``jit`` None is what the way takes by itself.

    With ``seconds`` it trains for so long and says how many images that were, else it says what a step takes.
    """

    way: str
    device: str
    side: int
    images: int
    filters: int
    batch: int
    jit: bool | None
    seconds: float = 0.0
    threads: int = 1

    def to_json(self) -> str:
        """Return it for the command line."""
        return json.dumps(asdict(self))


def main() -> None:
    """Measure what is asked."""
    asked = Asked(**json.loads(sys.argv[1]))
    epoch = {"hpo-tui": compiled_loop, "fit": keras_fit}[asked.way](asked)
    first = timed(epoch)
    print("ready", flush=True)
    sys.stdin.readline()
    if asked.seconds:
        began, epochs = time.perf_counter(), 0
        while time.perf_counter() - began < asked.seconds:
            epoch()
            epochs += 1
        said = {"images": epochs * asked.images, "seconds": time.perf_counter() - began}
    else:
        best = min(timed(epoch) for _ in range(EPOCHS))
        said = {"step": best / -(-asked.images // asked.batch), "compiling": max(first - best, 0.0)}
    print(json.dumps(said), flush=True)
    os._exit(0)  # TensorFlow's farewell takes up to a second


def timed(epoch: Callable[[], None]) -> float:
    """Return the seconds of an epoch."""
    began = time.perf_counter()
    epoch()
    return time.perf_counter() - began


def compiled_loop(asked: Asked) -> Callable[[], None]:
    """Return an epoch of hpo-tui's own compiled loop, as a worker has it."""
    from hpo_core.plan.hyperparameters import KNOWN
    from hpo_core.workloads.keras_process import prepare_environment, set_up

    prepare_environment(asked.device, asked.threads)
    from hpo_core.workloads.paper.program import Program
    from hpo_core.workloads.paper.tensors import Resident
    from hpo_core.workloads.paper.training import epoch_order

    check_device(set_up(asked.threads, asked.device), asked.device)
    images, labels = drawn(asked)
    values = {name: known.default for name, known in KNOWN.items() if known.default is not None}
    values |= {"filters": asked.filters, "batch_size": asked.batch}
    program = Program(values, (asked.side, asked.side), 10, "float32", bool(asked.jit))
    program.reset(SEED, values)
    feed = Resident(images, labels)
    order = epoch_order(asked.images, SEED, 1)

    def epoch() -> None:
        program.train(feed, order, asked.batch, lambda *_: None).metrics()

    return epoch


def keras_fit(asked: Asked) -> Callable[[], None]:
    """Return an epoch of Keras' own ``fit`` on the same network."""
    from hpo_core.workloads.keras_process import prepare_environment, set_up

    prepare_environment(asked.device, asked.threads)
    from grid_plan import Plan
    from keras_peer import Part, compiled_model, feeds

    check_device(set_up(asked.threads, asked.device), asked.device)
    images, labels = drawn(asked)
    part = Part(images, np.eye(10, dtype=np.float32)[labels])
    plan = Plan((), (), (), 1, 1, asked.batch, (asked.side, asked.side))
    model = compiled_model(plan, 10, 1e-3, "categorical_crossentropy", asked.filters)
    training, _ = feeds((part, part), asked.batch)

    def epoch() -> None:
        model.fit(training, epochs=1, shuffle=False, verbose=0)

    return epoch


def check_device(found: str, asked: str) -> None:
    """Raise ``SystemExit`` where TensorFlow does not see the GPU: it would measure the CPU, and not say so."""
    if found != asked:
        sys.exit(f"TensorFlow sees no {asked} here; it computes on the {found}")


def drawn(asked: Asked) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return random images, uint8 ``(n, side, side, 3)``, and class numbers: what they show costs no time."""
    rng = np.random.default_rng(SEED)
    pixels = rng.integers(0, 256, (asked.images, asked.side, asked.side, 3), dtype=np.uint8)
    return pixels, np.arange(asked.images) % 10


if __name__ == "__main__":
    main()
