"""What a GPU makes of the paper's network, in at most 8 minutes: one script for a machine that has one.

    python tests/bench/gpu.py            one GPU, the first that is visible
    python tests/bench/gpu.py --small    the same on the CPU in a minute, to see that all of it works

Prints (1) milliseconds a step and seconds of compiling, for filters, batches, XLA off and on; (2) the same of
Keras' ``fit`` with the XLA that it takes by itself; (3) images a second with several workers on one GPU; (4) whole
grids: the paper's way, KerasTuner, hpo-tui. What is not there, or would take too long, is one line that says so.
Exit status: 0 done, 1 a part failed, 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import throughput
from gpu_parts import Asked
from image_folders import generate
from machine_words import machine_in_words
from stopwatch import adopt_orphans, end_descendants

from hpo_core.executors.hardware import gpus

GRID_SECONDS = 150.0
"""What of the time is kept for the grids."""

PARTS = Path(__file__).with_name("gpu_parts.py")


@dataclass(frozen=True)
class Form:
    """How much is measured, in ``limit`` seconds: ``images`` of ``side`` pixels, ``xla`` off and on.

    ``seconds`` for each count of workers; ``grid`` by its name in throughput.py.
    """

    device: str
    side: int
    images: int
    filters: Sequence[int]
    batches: Sequence[int]
    xla: Sequence[bool]
    workers: Sequence[int]
    seconds: float
    grid: str
    limit: float


WHOLE = Form("gpu:0", 100, 5120, (12, 48), (64, 512), (False, True), (1, 2, 4, 8), 6.0, "small", 480.0)
SMALL = Form("cpu", 64, 120, (2,), (16,), (False,), (1, 2), 0.5, "tiny", 1800.0)
"""Without XLA, which compiles for minutes on a CPU."""
CLASSES = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print, a part after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a small form, on the CPU")
    parser.add_argument("--parts", type=int, choices=(1, 2, 3, 4), nargs="+", default=[1, 2, 3, 4])
    arguments = parser.parse_args(argv)
    if not arguments.small and not gpus():
        print("There is no GPU that can be used here; --small runs a small form on the CPU.", file=sys.stderr)
        return 2
    form = SMALL if arguments.small else WHOLE
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1" if arguments.small else first
    adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    end = time.monotonic() + form.limit
    print(f"{device_words(form)}; {machine_in_words()}; {form.images:,} images of {form.side}×{form.side}.")
    failed = False
    try:
        if 1 in arguments.parts:
            failed |= print_steps("hpo-tui", form, form.xla, end - GRID_SECONDS)
        if 2 in arguments.parts:
            failed |= print_steps("fit", form, (None,), end - GRID_SECONDS)
        if 3 in arguments.parts:
            failed |= print_workers(form, end - GRID_SECONDS)
        if 4 in arguments.parts:
            failed |= bool(print_grids(form, end))
    finally:
        end_descendants()
    return int(failed)


def device_words(form: Form) -> str:
    """Return what is measured: the GPU's name, memory and driver, or the CPU."""
    if form.device == "cpu":
        return "No GPU: the small form, on the CPU"
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    query.append(f"--id={os.environ['CUDA_VISIBLE_DEVICES']}")
    return (
        subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip() or "a GPU without a name"
    )


def print_steps(way: str, form: Form, compiled: Sequence[bool | None], end: float) -> bool:
    """Print a table of one way's steps; whether any failed. ``compiled`` None: what the way takes itself."""
    print(f"\n{way}, one process:\n\n| filters | batch | XLA | ms a step | images/s | compiling |")
    print("|---:|---:|---|---:|---:|---:|", flush=True)
    failed = False
    for filters, batch, jit in product(form.filters, form.batches, compiled):
        lead = f"| {filters} | {batch} | {'its own' if jit is None else 'on' if jit else 'off'} |"
        asked = Asked(way, form.device, form.side, form.images, filters, batch, jit)
        said = measured([asked], end)
        if isinstance(said, str):
            print(f"{lead} {said} | | |", flush=True)
            failed |= said != LATE
            continue
        step, compiling = said[0]["step"], said[0]["compiling"]
        print(f"{lead} {1000 * step:.2f} | {batch / step:,.0f} | {compiling:.1f} s |", flush=True)
    return failed


def print_workers(form: Form, end: float) -> bool:
    """Print what so many workers train together on one device; whether any of it failed."""
    print(f"\nworkers on one device, {form.filters[0]} filters, batches of {form.batches[0]}:\n")
    print("| workers | images/s | to one |\n|---:|---:|---:|", flush=True)
    one = 0.0
    for count in form.workers:
        asked = Asked(
            *("hpo-tui", form.device, form.side, form.images, form.filters[0], form.batches[0], False),
            seconds=form.seconds,
        )
        said = measured([asked] * count, end)
        if isinstance(said, str):
            print(f"| {count} | {said} | |", flush=True)
            return said != LATE
        speed = sum(of["images"] / of["seconds"] for of in said)
        one = one or speed
        print(f"| {count} | {speed:,.0f} | {speed / one:.2f} × |", flush=True)
    return False


def print_grids(form: Form, end: float) -> int:
    """Print whole grids, each way in turn; the exit status of throughput.py."""
    left = end - time.monotonic()
    if left < 30:
        print(f"\nWhole grids: {LATE}.")
        return 0
    print("\nWhole grids:\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="hpo-tui-gpu-") as scratch:
        options = []
        if form is SMALL:
            options = ["--shapes", str(generate(Path(scratch) / "images", 2, 8, 4))]
        return throughput.main(
            [
                *("--grid", form.grid, "--ways", "paper", "kerastuner", "hpo-tui"),
                *("--workers", str(min(4, form.workers[-1])), "--limit", f"{left / 3:.0f}"),
                *("--out", str(Path(scratch) / "runs.csv"), *options),
            ]
        )


LATE = "left out: the time is up"


def measured(asked: Sequence[Asked], end: float) -> list[dict[str, float]] | str:
    """Measure in a process for each that is asked, all at once; what they say, or why they say nothing.

    All are ready before any begins, so that no start is measured.
    """
    if time.monotonic() >= end:
        return LATE
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)}
    with tempfile.TemporaryFile("w+") as words:
        children = [
            subprocess.Popen(
                [sys.executable, str(PARTS), one.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env=environment,
                text=True,
            )
            for one in asked
        ]
        too_long = threading.Timer(end - time.monotonic(), lambda: [child.kill() for child in children])
        too_long.start()
        try:
            ready = [_line(child) for child in children]
            if all(ready):
                for child in children:
                    assert child.stdin is not None
                    child.stdin.write("go\n")
                    child.stdin.flush()
            said = [_line(child) for child in children] if all(ready) else [""]
        finally:
            too_long.cancel()
            for child in children:
                child.kill()
                child.wait()
                for pipe in (child.stdin, child.stdout):
                    assert pipe is not None
                    pipe.close()
        if all(said):
            return [json.loads(line) for line in said]
        if time.monotonic() >= end:
            return LATE
        words.seek(0)
        last = [line for line in words.read().splitlines() if line.strip()]
        errors = [line for line in last if "Error" in line.split(":")[0]] or last or ["without a word"]
        return f"failed: {errors[-1][:200]}"


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


if __name__ == "__main__":
    sys.exit(main())
