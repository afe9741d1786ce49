"""How long a grid takes: the same trainings on the same images, each way in its own process, each in turn.

    python tests/bench/throughput.py                              24 trainings, all ways
    python tests/bench/throughput.py --grid paper --ways kerastuner hpo-tui
    python tests/bench/throughput.py --data fruit10k --grid tiny
    python tests/bench/throughput.py --data growth --grid tiny    how time grows from 1 to 8 times the data
    python tests/bench/throughput.py --own                        three Keras models, each trained 16 times
    python tests/bench/throughput.py --ways hpo-tui-ray hpo-tui   the Ray executor beside the local one
    python tests/bench/throughput.py --plans                      what plans cost beside the full grid (search.py)

Whole processes are timed, start-up included, with nothing decoded before. Prints tables to paste, writes a CSV.
Exit status: 0 done, 1 a way failed, 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import math
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import search
from bench_report import Run, agreement, best_wall, by_way, growth_table, table, write_csv
from grid_plan import GRIDS, Plan
from image_folders import GROWTH, NAMES, SHAPES, count_images, image_folder
from machine_words import machine_in_words
from own_ways import MODELS, measure_all
from stopwatch import Took, adopt_orphans
from stopwatch import run as timed
from ways import LIMIT, OURS, OVER_RAY, WAYS, Way, environment

from hpo_core.executors.hardware import suggested_cpu_workers

LOG_TAIL = 2000


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", choices=list(GRIDS), default="small", help="4, 24 or 120 trainings")
    parser.add_argument("--data", choices=[*NAMES, "growth"], nargs="+", default=["shapes"])
    parser.add_argument(
        "--own", choices=MODELS, nargs="*", help="your own Keras model: all of these, or those named, instead"
    )
    parser.add_argument(
        "--replicates", type=int, default=2, help="of each trial of --own: start-up and compilation are paid once"
    )
    parser.add_argument(
        "--plans", action="store_true", help="plans against the full grid, instead; trains nothing"
    )
    parser.add_argument("--seeds", type=int, default=20, help="orders in which --plans replays the paper's table")
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="the folder of the data set 'shapes'")
    parser.add_argument("--ways", choices=list(WAYS), nargs="+", default=[way for way in WAYS if way != OVER_RAY])
    parser.add_argument("--repeat", type=int, default=1, help="rounds through all ways")
    parser.add_argument(
        "--workers", type=int, default=suggested_cpu_workers(), help="processes that train at a time"
    )
    parser.add_argument("--limit", type=float, default=7200, help="seconds that one way may take")
    parser.add_argument("--scratch", type=Path, help="where to keep generated images (else they are removed)")
    parser.add_argument("--out", type=Path, help="where to write the CSV")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and report."""
    arguments = parse_arguments(argv)
    if arguments.plans:
        return search.main(["--seeds", str(arguments.seeds)])
    adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if arguments.own is not None:
        print(f"{machine_in_words()}. {arguments.workers} workers, the best of {arguments.repeat} rounds.\n")
        models = arguments.own or MODELS
        numbers = arguments.workers, arguments.replicates, arguments.repeat, arguments.limit
        return 0 if measure_all(models, *numbers) else 1
    ways, failed = usable(arguments.ways), False
    with tempfile.TemporaryDirectory(prefix="hpo-tui-bench-") as temporary:
        scratch = arguments.scratch or Path(temporary)
        runs: list[Run] = []
        for data in data_sets(arguments.data):
            folder = image_folder(data, arguments.shapes, scratch)
            plan = GRIDS[arguments.grid].at(folder, arguments.workers)
            for number in range(1, arguments.repeat + 1):
                for way in ways:
                    run = measure(way, plan, data, number, Path(temporary), arguments.limit)
                    failed |= run is None
                    runs += [run] if run else []
    if runs:
        report(runs, arguments)
    return 1 if failed or not runs else 0


def data_sets(asked: Sequence[str]) -> list[str]:
    """Return the data sets by name, "growth" being four of them."""
    return list(dict.fromkeys(name for one in asked for name in (GROWTH if one == "growth" else (one,))))


def usable(names: Sequence[str]) -> list[Way]:
    """Return the ways that can be gone here; say why of the others."""
    chosen = [way for name, way in WAYS.items() if name in names]
    for way in chosen:
        if way.missing():
            print(f"{way.name} is left out: {way.missing()}")
    return [way for way in chosen if not way.missing()]


def measure(way: Way, plan: Plan, data: str, number: int, temporary: Path, limit: float) -> Run | None:
    """Go one way once, in a folder of its own; None where it failed."""
    folder = Path(tempfile.mkdtemp(prefix=f"{way.name}-", dir=temporary))
    log = folder / "log"
    took = timed(way.command(plan, folder), environment(folder), log, limit)
    expected = len(list(plan.trainings()))
    if not way.reaps:
        took = replace(took, cpu=math.nan)
    if took.status == -signal.SIGKILL and took.wall >= limit:
        print(f"{way.name} is left out: {expected} trainings were not done in {limit:.0f} s", flush=True)
        return None
    results = way.results(plan, folder) if took.status == 0 else []
    working = way.working(folder) if results else math.nan
    if len(results) != expected:
        print(
            f"{way.name} failed: exit status {took.status}, {len(results)} of {expected} trainings; its log ends:"
        )
        print(log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:])
        return None
    shutil.rmtree(folder)
    print_progress(way, data, number, took)
    return Run(way.name, data, count_images(Path(plan.data))[0], number, took, results, working)


def print_progress(way: Way, data: str, number: int, took: Took) -> None:
    """One line for each run, as it ends."""
    cpu = "" if math.isnan(took.cpu) else f", {took.cpu:.0f} s of CPU time"
    print(f"{data}, round {number}, {way.name}: {took.wall:.1f} s{cpu}, load before {took.load:.1f}", flush=True)


def report(runs: Sequence[Run], arguments: argparse.Namespace) -> None:
    """Print the tables, write the CSV."""
    machine = machine_in_words()
    labels = {name: way.label for name, way in WAYS.items()}
    plan = GRIDS[arguments.grid]
    counts = f"{len(plan.combinations())} trials × {plan.replicates} replicates × {plan.epochs} epochs"
    print(f"\n{machine}. {counts}, {arguments.workers} workers, the best of {arguments.repeat} rounds.")
    for data in dict.fromkeys(run.data for run in runs):
        mine = [run for run in runs if run.data == data]
        print(f"\n{data}, {mine[0].images:,} training images:\n\n{table(mine, labels, OURS)}\n")
        print("\n".join(agreement(mine, OURS)))
        ways = by_way(mine)
        if OURS in ways and LIMIT in ways:
            print(f"hpo-tui to the limit: {100 * (best_wall(ways[OURS]) / best_wall(ways[LIMIT]) - 1):+.0f} %")
        if OURS in ways and OVER_RAY in ways:
            ray, local = (min(run.working for run in ways[way]) for way in (OVER_RAY, OURS))
            slower = f"{100 * (ray / local - 1):+.0f} %, 5 % at most is asked"
            print(f"starts apart: over Ray {ray:.1f} s, local {local:.1f} s, {slower}")
    growing = [run for run in runs if run.data in GROWTH]
    if len({run.images for run in growing}) > 1:
        print(f"\n{growth_table(growing, labels)}")
    out = arguments.out or Path(tempfile.gettempdir()) / "hpo-tui-throughput.csv"
    write_csv(out, runs, arguments.grid, arguments.workers, machine)
    print(f"\nEvery run: {out}")


if __name__ == "__main__":
    sys.exit(main())
