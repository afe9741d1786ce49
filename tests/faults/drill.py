"""The drills in their long form: ``python tests/faults/drill.py [--rounds 1000] [--only WORD]``.

Prints the table of the README: fault, rounds, lost (acknowledged epochs or records), doubled (counted twice),
orphaned (processes left behind), wrong (results or values that differ from an undisturbed session's); "–" is what
a drill does not measure.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tools"))

from drill_data import feed_data
from drill_disk import fail_everywhere
from drill_hostile import send_noise, spoil_folders
from drill_journal import cut_everywhere, flip_bits
from drill_lost_pages import lose_pages
from drill_orders import give_orders
from drill_parsers import PARSERS, feed
from drill_processes import attack, race
from drill_tools import Figures
from drill_visits import come_and_go, two_screens

ROUNDS = 100
CASES = 3000
FLIPS = 20_000

Drill = Callable[[Path], Figures]


def drills(rounds: int) -> dict[str, Drill]:
    """Return every drill by a word to choose it by."""
    found: dict[str, Drill] = {
        "kill": partial(attack, rounds=rounds),
        "race": partial(race, rounds=20),
        "hang-up": partial(come_and_go, rounds=50, hang_ups=True),
        "attach": partial(come_and_go, rounds=100, hang_ups=False),
        "screens": partial(two_screens, rounds=20),
        "cut": cut_everywhere,
        "flip": partial(flip_bits, rounds=FLIPS),
        "pages": lose_pages,
        "disk": fail_everywhere,
        "folders": partial(spoil_folders, rounds=1000),
        "bytes": lambda _: send_noise(1000),
        "orders": lambda _: give_orders(1000),
    }
    found["data"] = partial(feed_data, cases=2000)
    for name in PARSERS:
        found[name] = lambda _, parser=name: feed(parser, CASES)
    return found


def main() -> int:
    """Run the drills that were asked for, print their rows; exit status 1 where one was not clean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"processes to kill ({ROUNDS})")
    parser.add_argument("--only", action="append", help="one drill; repeatable")
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)  # the engines on failing disks say what is wrong with them
    chosen = {
        name: drill for name, drill in drills(arguments.rounds).items() if name in (arguments.only or [name])
    }
    print("| fault | rounds | lost | doubled | orphaned | wrong |\n|---|---|---|---|---|---|")
    figures = list(run(chosen))
    print(f"\n{machine()}")
    return 0 if all(row.clean for row in figures) else 1


def run(chosen: dict[str, Drill]) -> Iterator[Figures]:
    """Run each drill in a folder of its own and print its row."""
    for name, drill in chosen.items():
        folder = Path(tempfile.mkdtemp(prefix="hpo-tui-drill-"))
        began = time.monotonic()
        figures = drill(folder)
        shutil.rmtree(folder)
        print(row(figures), flush=True)
        note = f"; {figures.note}" if figures.note else ""
        print(f"{name}: {time.monotonic() - began:.0f} s{note}", file=sys.stderr, flush=True)
        yield figures


def row(figures: Figures) -> str:
    """Return one line of the table."""
    counts = (figures.lost, figures.doubled, figures.orphaned, figures.wrong)
    cells = (figures.fault, f"{figures.rounds:,}", *("–" if count is None else str(count) for count in counts))
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """Return what the drills ran on."""
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"Python {platform.python_version()}, {kernel}, {len(os.sched_getaffinity(0))} cores"


if __name__ == "__main__":
    sys.exit(main())
