"""Whether several trials in one graph train faster than one after the other: horizontal fusion, tried.

    python tests/bench/fusion.py
    python tests/bench/fusion.py --device gpu:0 --trials 4 8 16

Trials of one network and one replicate see the same batches. Fused, a step gathers and casts each batch once, and
the first convolutions of all trials are one convolution with their filters side by side; the rest of each network,
its loss and its optimizer stand beside the others in the same graph. Fused and unfused take turns, an epoch each,
and the best epoch of each counts: in CPU seconds on the CPU, where one thread trains, in seconds on a GPU. Says
how far the weights are apart after the epochs. Prints a Markdown table.

On one thread of an Intel Xeon with AVX512 (TensorFlow 2.21.0, 1,200 images of 100×100) fused epochs were 1.08 and
1.07 times as fast with 12 filters (4 and 8 trials), and 0.90 and 0.85 times as fast with 48; the weights were the
same to the bit. That little is lost again where one trial of a graph is stopped or diverges, so the engine trains
one trial at a time. Not measured on a GPU, where small networks leave more to gain.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image_folders import SHAPES, image_folder
from machine_words import machine_in_words

from hpo_core.plan.hyperparameters import KNOWN, LOSSES

SEED = 1
LEARNING_RATES = (1e-3, 5e-4, 1e-4)
BATCH = 64


@dataclass(frozen=True)
class Measured:
    """Seconds of each epoch, one after the other and fused; ``apart``: the weights' largest distance."""

    unfused: Sequence[float]
    fused: Sequence[float]
    apart: float

    def row(self) -> str:
        """Return the cells of the table: the best epochs, their ratio, the first epochs' excess, the distance."""
        (one, first_one), (other, first_other) = (
            (min(epochs[1:]), epochs[0]) for epochs in (self.unfused, self.fused)
        )
        compiling = f"{first_one - one:.1f} s | {first_other - other:.1f} s"
        return f"{one:.2f} s | {other:.2f} s | {one / other:.2f} × | {compiling} | {self.apart:.1e}"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", type=int, nargs="+", default=[12, 48])
    parser.add_argument("--trials", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each after the first")
    parser.add_argument("--device", default="cpu", help="cpu or gpu:0")
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="a folder of images; generated ones otherwise")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "hpo-tui-bench")
    arguments = parser.parse_args(argv)
    folder = image_folder("shapes", arguments.shapes, arguments.scratch)
    print(f"{machine_in_words()}; {arguments.device}, the best of {arguments.rounds} epochs.\n")
    print("| filters | trials | one after the other | fused | speed | compiling | fused | weights apart |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for filters in arguments.filters:
        for trials in arguments.trials:
            one = measure(folder, filters, trials, arguments.rounds, arguments.device)
            print(f"| {filters} | {trials} | {one.row()} |", flush=True)


def measure(folder: Path, filters: int, trials: int, rounds: int, device: str) -> Measured:
    """Train ``trials`` trials of one network both ways, taking turns."""
    from hpo_core.workloads.images.dataset import prepare
    from hpo_core.workloads.keras_process import prepare_environment, set_up

    prepare_environment(device, 1)
    import numpy as np

    from hpo_core.workloads.paper import program as train
    from hpo_core.workloads.paper.tensors import feeds
    from hpo_core.workloads.paper.training import epoch_order

    place = set_up(1, device)
    clock = time.process_time if place == "cpu" else time.perf_counter
    data = prepare({"source": "folder", "path": str(folder)})
    training, _ = feeds(data, place, 1)
    defaults = {name: known.default for name, known in KNOWN.items() if known.default is not None}

    def programs() -> list[Any]:
        made = []
        for number in range(trials):
            program = train.Program({**defaults, "filters": filters}, data.image_size, len(data.classes))
            own = {"learning_rate": LEARNING_RATES[number % 3], "loss": LOSSES[number // 3 % 3]}
            program.reset(SEED, {**defaults, **own})
            made.append(program)
        return made

    apart, together = programs(), programs()
    fused = fuse(together, len(data.classes))
    unfused_seconds, fused_seconds = [], []
    for epoch in range(1, rounds + 2):
        order = epoch_order(training.count, SEED, epoch)
        began = clock()
        for program in apart:
            program.train(training, order, BATCH, nothing)
        unfused_seconds.append(clock() - began)
        began = clock()
        (part,) = training.parts(order, BATCH)
        fused(part.lanes, part.labels, part.order)
        fused_seconds.append(clock() - began)
    distance = max(
        float(np.max(np.abs(mine.numpy() - theirs.numpy())))
        for one, other in zip(apart, together, strict=True)
        for mine, theirs in zip(one.model.trainable_variables, other.model.trainable_variables, strict=True)
    )
    return Measured(unfused_seconds, fused_seconds, distance)


def fuse(programs: Sequence[Any], classes: int) -> Callable[[Any, Any, Any], float]:
    """Return a function that trains all programs one epoch: (lanes, labels, order) -> the sum of their losses."""
    import tensorflow as tf

    from hpo_core.workloads.paper.losses import LOSSES as LOSS_OF
    from hpo_core.workloads.paper.tensors import from_lanes

    names = list(LOSS_OF)
    first, pool = programs[0].model.layers[:2]
    window = pool.pool_size
    image_size = tuple(programs[0].model.input_shape[1:3])

    def step(images: Any, labels: Any) -> Any:
        targets = tf.one_hot(labels, classes)
        with tf.GradientTape() as tape:
            kernels = tf.concat([program.model.layers[0].kernel.value for program in programs], axis=-1)
            maps = tf.nn.max_pool2d(tf.nn.conv2d(images, kernels, first.strides, "SAME"), window, window, "VALID")
            losses = []
            for number, mine in enumerate(tf.split(maps, len(programs), axis=-1)):
                for layer in programs[number].model.layers[2:]:
                    mine = layer(mine, training=True)
                losses.append(tf.reduce_mean(LOSS_OF[names[number // 3 % 3]](targets, mine)))
            total = tf.add_n(losses)
        weights = [program.model.trainable_variables for program in programs]
        for program, mine, gradients in zip(programs, weights, tape.gradient(total, weights), strict=True):
            program.optimizer.apply(gradients, mine)
        return total

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def epoch(lanes: Any, labels: Any, order: Any) -> Any:
        def rows_of(start: Any, count: Any) -> Any:
            rows = tf.slice(order, [start], [count])
            images = from_lanes(tf.gather(lanes, rows), image_size)
            return step(tf.cast(images, tf.float32) * (1 / 255), tf.gather(labels, rows))

        whole, left = tf.size(order) // BATCH, tf.size(order) % BATCH
        _, total = tf.while_loop(
            lambda done, _: done < whole + tf.cast(left > 0, tf.int32),
            lambda done, total: (
                done + 1,
                total + rows_of(done * BATCH, tf.minimum(BATCH, tf.size(order) - done * BATCH)),
            ),
            (tf.constant(0), tf.constant(0.0)),
            parallel_iterations=1,
        )
        return total

    return lambda lanes, labels, order: float(epoch(lanes, labels, order))


def nothing(*_: object) -> None:
    """Do nothing after a chunk."""


if __name__ == "__main__":
    main()
