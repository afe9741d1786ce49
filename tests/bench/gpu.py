"""What a GPU makes of the paper's network, in at most 8 minutes: one script for a machine that has one.

    python tests/bench/gpu.py            one GPU, the first that is visible
    python tests/bench/gpu.py --small    the same on the CPU in a minute, to see that all of it works

Prints (1) milliseconds a step and seconds of compiling, for filters, batches, XLA off and on; (2) the same of
Keras' ``fit`` with the XLA that it takes by itself; (3) images a second with several workers on one GPU; (4) whole
grids: the paper's way, KerasTuner, hpo-tui. Each part and each row has a limit of its own: what takes too long
(XLA may compile for minutes) costs a row, which says so, and nothing else; at the end of its time all of it ends.
Exit status: 0 done, 1 a part failed or ran out of its time, 2 the call was wrong.
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
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import throughput
from gpu_parts import Asked
from image_folders import generate
from machine_words import machine_in_words
from stopwatch import adopt_orphans, end_descendants

from hpo_core.executors.hardware import cores, gpus

PARTS = Path(__file__).with_name("gpu_parts.py")


@dataclass(frozen=True)
class Form:
    """How much is measured: ``images`` of ``side`` pixels, ``xla`` off and on, so many ``seconds`` of workers.

    ``grids``: each by its name in throughput.py, with the ways through it. ``ends``: the seconds from the start by
    which each of the four parts is over; ``longest``: what one row may take.
    """

    device: str
    side: int
    images: int
    filters: Sequence[int]
    batches: Sequence[int]
    xla: Sequence[bool]
    workers: Sequence[int]
    seconds: float
    grids: Sequence[tuple[str, Sequence[str]]]
    ends: tuple[int, int, int, int]
    longest: float


ALL_WAYS, IN_ONE = ("paper", "kerastuner", "hpo-tui"), ("kerastuner", "hpo-tui")
"""A process for each of 24 trainings starts TensorFlow on a GPU 24 times: there is no time for that."""

WHOLE = Form(
    *("gpu:0", 100, 5120, (12, 48), (64, 512), (False, True), (1, 2, 4, 8), 5.0),
    grids=(("tiny", ALL_WAYS), ("small", IN_ONE)),
    ends=(140, 190, 260, 470),
    longest=50.0,
)
SMALL = Form(
    *("cpu", 64, 120, (2,), (16,), (False,), (1, 2), 0.5),
    grids=(("tiny", ALL_WAYS),),
    ends=(400, 800, 1200, 1800),
    longest=390.0,
)
"""Without XLA, which compiles for minutes on a CPU."""

OURS_SECONDS = 40
"""What is kept of a grid's time for its last way."""

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
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("\nThe time is up: what is missing was not measured."))
    signal.alarm(form.ends[-1])
    ends = [time.monotonic() + seconds for seconds in form.ends]
    print(
        f"{device_words(form)}; {machine_in_words()}; {form.images:,} images of {form.side}×{form.side}.",
        flush=True,
    )
    failed = False
    try:
        if 1 in arguments.parts:
            failed |= print_steps("hpo-tui", form, form.xla, ends[0])
        if 2 in arguments.parts:
            failed |= print_steps("fit", form, (None,), ends[1])
        if 3 in arguments.parts:
            failed |= print_workers(form, ends[2])
        if 4 in arguments.parts:
            failed |= print_grids(form, ends[3])
    finally:
        signal.alarm(0)
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
    for batch, filters, jit in product(form.batches, form.filters, compiled):
        lead = f"| {filters} | {batch} | {'its own' if jit is None else 'on' if jit else 'off'} |"
        asked = Asked(way, form.device, form.side, form.images, filters, batch, jit)
        said = measured([asked], end, form.longest)
        if isinstance(said, str):
            print(f"{lead} {said} | | |", flush=True)
            failed = True
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
        said = measured([asked] * count, end, form.longest)
        if isinstance(said, str):
            print(f"| {count} | {said} | |", flush=True)
            return True
        speed = sum(of["images"] / of["seconds"] for of in said)
        one = one or speed
        print(f"| {count} | {speed:,.0f} | {speed / one:.2f} × |", flush=True)
    return False


def print_grids(form: Form, end: float) -> bool:
    """Print whole grids, each way in turn; whether any failed."""
    failed = False
    with tempfile.TemporaryDirectory(prefix="hpo-tui-gpu-") as scratch:
        options = []
        if form is SMALL:
            options = ["--shapes", str(generate(Path(scratch) / "images", 2, 8, 4))]
        for grid, ways in form.grids:
            left = end - time.monotonic()
            if left < 2 * OURS_SECONDS:
                print(f"\nThe grid {grid!r}: {LATE}.")
                return True
            print(f"\nThe grid {grid!r}:\n", flush=True)
            status = throughput.main(
                [
                    *("--grid", grid, "--ways", *ways, "--workers", str(min(4, form.workers[-1]))),
                    *("--limit", f"{(left - OURS_SECONDS) / (len(ways) - 1):.0f}"),
                    *("--out", str(Path(tempfile.gettempdir()) / f"hpo-tui-gpu-{grid}.csv"), *options),
                ]
            )
            failed |= bool(status)
    return failed


LATE = "left out: the time is up"


def measured(asked: Sequence[Asked], end: float, longest: float) -> list[dict[str, float]] | str:
    """Measure in a process for each that is asked, all at once; what they say, or why they say nothing.

    All are ready before any begins, so that no start is measured. The machine's cores are shared among them.
    """
    began = time.monotonic()
    if began >= end:
        return LATE
    until, threads = min(end, began + longest), max(1, cores() // len(asked))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)}
    with tempfile.TemporaryFile("w+") as words:
        children = [
            subprocess.Popen(
                [sys.executable, str(PARTS), replace(one, threads=threads).to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env=environment,
                text=True,
            )
            for one in asked
        ]
        too_long = threading.Timer(until - began, lambda: [child.kill() for child in children])
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
        if time.monotonic() >= until:
            return f"left out: not done in {until - began:.0f} s"
        words.seek(0)
        last = [line for line in words.read().splitlines() if line.strip()]
        errors = [line for line in last if "Error" in line.split(":")[0]] or last or ["without a word"]
        return f"failed: {errors[-1][:200]}"


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


if __name__ == "__main__":
    sys.exit(main())
