"""What precision and XLA are worth here: images a second of one worker with one thread, for each of them.

    python tests/bench/precision.py
    python tests/bench/precision.py --filters 12 --jit      with XLA too, which takes minutes to compile on a CPU

All variants take turns, an epoch each, and the best epoch of each counts, in CPU seconds, so that what else the
machine does weighs little; with one thread they are the seconds on a quiet machine. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from image_folders import SHAPES, image_folder
from machine_words import machine_in_words

from hpo_core.plan.hyperparameters import KNOWN

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
SEED = 1


@dataclass
class Variant:
    """A compiled program, and what its epochs took in CPU seconds; the first one includes compiling."""

    filters: int
    precision: str
    jit: bool
    program: Any
    seconds: list[float] = field(default_factory=list)
    accuracy: float = 0.0


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", type=int, nargs="+", default=[12, 48])
    parser.add_argument("--rounds", type=int, default=4, help="epochs of each variant after the first")
    parser.add_argument("--jit", action="store_true", help="measure XLA as well")
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="a folder of images; generated ones otherwise")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "hpo-tui-bench")
    arguments = parser.parse_args(argv)
    folder = image_folder("shapes", arguments.shapes, arguments.scratch)
    images, variants = measure(folder, arguments.filters, arguments.rounds, arguments.jit)
    how = f"{images:,} images, one thread, the best of {arguments.rounds} epochs"
    print(f"{machine_in_words()}; {how}.\n")
    print(table(images, variants))


def measure(folder: Path, filters: Sequence[int], rounds: int, jit: bool) -> tuple[int, list[Variant]]:
    """Return the number of training images, and every variant with its times."""
    from hpo_core.workloads.images.dataset import prepare
    from hpo_core.workloads.keras_process import prepare_environment, set_up

    prepare_environment("cpu", 1)
    import numpy as np

    from hpo_core.workloads.paper import program as train
    from hpo_core.workloads.paper.tensors import feeds
    from hpo_core.workloads.paper.training import EVALUATION_BATCH, epoch_order

    set_up(1, "cpu")
    data = prepare({"source": "folder", "path": str(folder)})
    training, validation = feeds(data, "cpu", 1)
    defaults = {name: known.default for name, known in KNOWN.items() if known.default is not None}
    variants = []
    for count in filters:
        for precision, compiled in product(PRECISIONS, (False, True) if jit else (False,)):
            values = {**defaults, "filters": count}
            program = train.Program(values, data.image_size, len(data.classes), precision, compiled)
            program.reset(SEED, values)
            variants.append(Variant(count, precision, compiled, program))
    batch = int(defaults["batch_size"])
    for epoch in range(1, rounds + 2):
        for variant in variants:
            order = epoch_order(training.count, SEED, epoch)
            began = time.process_time()
            variant.program.train(training, order, batch, nothing)
            variant.seconds.append(time.process_time() - began)
            seen = variant.program.evaluate(validation, np.arange(validation.count), EVALUATION_BATCH, nothing)
            variant.accuracy = seen.metrics()["accuracy"]
    return training.count, variants


def nothing(*_: object) -> None:
    """Do nothing after a chunk."""


def table(images: int, variants: Sequence[Variant]) -> str:
    """Return the variants as a Markdown table; speeds are to float32 without XLA at the same filters."""
    lines = [
        "| filters | precision | jit | images/s | speed | compiling | val_accuracy |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    plain = {one.filters: min(one.seconds[1:]) for one in reversed(variants)}
    for one in variants:
        best = min(one.seconds[1:])
        lines.append(
            f"| {one.filters} | {one.precision} | {'true' if one.jit else 'false'} | {images / best:,.0f} "
            f"| {plain[one.filters] / best:.2f} × | {one.seconds[0] - best:.1f} s | {one.accuracy:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
