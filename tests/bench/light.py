"""What the screen costs a link and a person's patience: one command, one table, to be pasted into the README.

    python tests/bench/light.py [--trials 10000]

Bytes are counted through a real pseudo-terminal of 120×40 with all colours, on the session of the paper. Times are
the best of a few rounds, beside those of an app of Textual's that shows one word, in the same run: a busy machine
makes both slower. W&B LEET shows an offline run of its own with four curves; it is looked for on the PATH, or as
the ``wandb`` that WANDB_COMMAND names, in an environment of its own. Nothing is asserted, and what fails is a row.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import psutil
from echoes import echoes
from large_session import events_of, spec_of, write_session
from machine_words import machine_in_words
from places import PAPER
from terminal import COMMAND, Terminal

from hpo_core.journal.events import Envelope
from hpo_core.journal.records import encode_record
from hpo_core.session import store

SIZE = (120, 40)
ROUNDS = 3
SLOW = 20_000
EVENTS = 1_000
REPEATS = 30
"""So often a second a keyboard repeats a held key."""
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("bare")
Bare().run()
"""
LIVE = """
[data]
source = "fruit"
[grid]
learning_rate = [1e-4, 5e-4, 1e-3, 5e-3, 1e-2]
loss = ["poisson", "categorical_crossentropy", "mean_squared_error"]
filters = [2, 4, 8, 16]
[fixed]
epochs = 4
[session]
replicates = 4
"""
LEET = """
import math, wandb
run = wandb.init(mode="offline", settings=wandb.Settings(console="off", silent=True))
for step in range(60):
    down = math.exp(-step / 20)
    run.log({"loss": down, "accuracy": 1 - down, "val_loss": down + 0.1, "val_accuracy": 0.9 - down})
run.finish()
"""
LEET_KEYS = (("\x1b[B", "cursor"), ("h", "help"), ("h", "its closing"))
KEYS = (
    ("j", "cursor", "200 B"),
    ("5", "toggle", "4 kB"),
    ("?", "help", "12 kB"),
    ("\x1b", "its closing", "12 kB"),
    ("]", "next view", "8 kB"),
)
Row = tuple[str, str, str, str]
Made = TypeVar("Made")


class Bench:
    """Runs programs in terminals, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "", "XDG_CONFIG_HOME": str(folder),
            "HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.4", "PYTHONDONTWRITEBYTECODE": "",  # as where it is installed
        }  # fmt: skip

    def open(self, command: list[str], answers: bool = True) -> Terminal:
        return Terminal(command, self.folder, SIZE, self.environment, answers)

    def first_paint(self, command: list[str], words: str) -> tuple[float, float]:
        """The shortest time until the words stand on the screen, and the least work of a processor, in seconds."""
        return self.first_paints((command, words))[0]

    def first_paints(self, *shown: tuple[list[str], str]) -> list[tuple[float, float]]:
        """The same of several commands that take turns: a machine is not as fast at one time as at another."""
        rounds: list[list[tuple[float, float]]] = [[] for _ in shown]
        for _ in range(ROUNDS):
            for found, (command, words) in zip(rounds, shown, strict=True):
                terminal = self.open(command)
                terminal.wait_for(words)
                took = time.monotonic() - terminal.began
                found.append((took, sum(work_of(each) for each in family(terminal))))
                terminal.close()
        return [(min(took for took, _ in found), min(work for _, work in found)) for found in rounds]

    def echoes(
        self, session: str, words: str, link: float | None = None, answers: bool = True, **rest: Any
    ) -> str:
        """The median and the 99th percentile of a cursor key's echoes; see ``echoes``."""
        command = [*COMMAND, "open", session]
        took = echoes(command, self.folder, SIZE, self.environment, words, link, answers, **rest)
        return f"{took[len(took) // 2]:.0f}, {took[-1 - len(took) // 100]:.0f} ms"


def family(terminal: Terminal) -> list[psutil.Process]:
    """Return the program in a terminal and all that it has started."""
    first = psutil.Process(terminal.process.pid)
    return [first, *first.children(recursive=True)]


def work_of(process: psutil.Process) -> float:
    """Return how many seconds of a processor it has had."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def settle(terminal: Terminal, seconds: float = 1.5) -> int:
    """Wait until nothing has come for so long; return how many bytes have come in all."""
    quiet = time.monotonic() + seconds
    while time.monotonic() < quiet:
        before = len(terminal.sent)
        terminal.read(0.05)
        if len(terminal.sent) != before:
            quiet = time.monotonic() + seconds
    return len(terminal.sent)


def rate(terminal: Terminal, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> float:
    """How many bytes a second come."""
    before, end = len(terminal.sent), time.monotonic() + seconds
    while time.monotonic() < end:
        meanwhile()
        terminal.read(0.03)
    return (len(terminal.sent) - before) / seconds


def every(seconds: float, does: Callable[[], None]) -> Callable[[], None]:
    """Return what does it, however often it is called, no more often than that."""
    due = 0.0

    def now() -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + seconds
            does()

    return now


def of_keys(bench: Bench) -> list[Row]:
    """What keys cost on the paper's session."""
    shutil.copytree(PAPER, bench.folder / "sessions" / "paper", ignore=shutil.ignore_patterns("view.json"))
    terminal = bench.open([*COMMAND, "open", "paper"])
    terminal.wait_for("collapsed")
    rows = [("start", "15 kB", f"{settle(terminal, 3):,} B", "")]
    rows.append(("idle, 10 s", "0", f"{rate(terminal, 10) * 10:.0f} B", ""))
    for key, name, target in KEYS:
        before = len(terminal.sent)
        terminal.type(key)
        rows.append((name, target, f"{settle(terminal) - before:,} B", ""))
    terminal.type("[f")
    settle(terminal)
    repeats = every(1 / REPEATS, lambda: terminal.type("\x1b[C"))
    held = rate(terminal, 5, repeats)
    rows.append(("held rotate key", "30 kB/s", f"{held / 1000:.1f} kB/s", ""))
    terminal.close()
    return rows


def of_echoes(bench: Bench) -> list[Row]:
    """What a key waits for its echo, and what a link of 20 kB/s adds to it."""

    def paper(link: float | None, answers: bool = True) -> str:
        return bench.echoes("paper", "decides", link, answers, before="]]]5")

    return [
        ("key to echo, median and p99", "20, 80 ms", paper(None), ""),
        ("  where 20 kB/s are read", "150 ms", paper(SLOW), ""),
        ("  and the terminal never answers", "150 ms", paper(SLOW, answers=False), ""),
        ("  with 1,000 events a second arriving", "20, 80 ms", of_events(bench), ""),
    ]


def of_events(bench: Bench) -> str:
    """How long a cursor key's echo takes while a journal grows by 1,000 events a second."""
    folder = write_session(bench.folder / "sessions", "busy", 1_000, ended=0)
    events = events_of(spec_of(1_000, 2, 20), 20, 2_000)
    lines = [encode_record(Envelope(seq, 1, 1.7e9 + seq * 0.001, event)) for seq, event in enumerate(events, 4)]
    written, began, step = 0, 0.0, 1 / 100

    def grow() -> float:
        nonlocal written, began
        began = began or time.monotonic()
        if (due := int((time.monotonic() - began) * EVENTS)) >= written + EVENTS * step:
            with (folder.path / "journal.jsonl").open("ab") as journal:
                journal.write(b"".join(lines[written:due]))
            written = due
        return step

    return bench.echoes("busy", "learning_rate", meanwhile=grow)


def of_training(bench: Bench) -> list[Row]:
    """What a session that trains costs, with 4 workers at 10 epochs a second in all; made-up trainings."""
    (bench.folder / "live.toml").write_text(LIVE)
    terminal = bench.open([*COMMAND, "run", "live.toml", "--workload", "synthetic", "--workers", "4"])
    terminal.wait_for("4 running")
    rate(terminal, 4)
    rows = [("live, 4 workers", "3 kB/s", f"{rate(terminal, 10) / 1000:.1f} kB/s", "")]
    terminal.type("?")
    terminal.wait_for("Keys")
    rate(terminal, 1)
    rows.append(("a dialog open meanwhile", "3 kB/s", f"{rate(terminal, 5) / 1000:.1f} kB/s", ""))
    for engine in psutil.Process().children(recursive=True):
        engine.terminate()
    terminal.close()
    return rows


def of_time(bench: Bench, trials: int) -> list[Row]:
    """How soon something is seen."""
    mine = [*COMMAND, "open", "paper"]
    (bare, bare_work), first_paint, results = bench.first_paints(
        ([sys.executable, "-c", BARE], "bare"), (mine, "paper"), (mine, "learning_rate")
    )
    rows = []
    for what, target, (took, work) in (
        ("first paint of open", "1.6 ×", first_paint),
        ("its results", "", results),
    ):
        rows += [
            (what, target, f"{took:.2f} s ({took / bare:.1f} ×)", f"{bare:.2f} s"),
            (f"{what}, processor", target, f"{work:.2f} s ({work / bare_work:.1f} ×)", f"{bare_work:.2f} s"),
        ]
    folder = write_session(bench.folder / "sessions", "large", trials)
    words = f"{trials:,} trials × 2 × 20 epochs"
    again = [*COMMAND, "open", "large"]
    for_the_first_time = ["sh", "-c", 'rm -f "$0"; exec "$@"', str(folder.index), *again]
    first, _ = bench.first_paint(for_the_first_time, "learning_rate")
    alone, _ = bench.first_paint(for_the_first_time, f"finished {trials * 2} of")
    terminal, end = bench.open(again), time.monotonic() + 120
    while not folder.index.exists() and time.monotonic() < end:
        terminal.read(0.1)
    terminal.close()
    whole, _ = bench.first_paint(again, f"finished {trials * 2} of")
    return [
        *rows,
        (f"{words}: first results seen, of a part", "1.5 s", f"{first:.1f} s", ""),
        ("  all read, of a journal that has no index yet", "", f"{alone:.1f} s", ""),
        ("  all read, the next time", "1.5 s", f"{whole:.1f} s", ""),
    ]


def of_leet(bench: Bench) -> dict[str, str]:
    """What W&B LEET costs, by the names of the other rows; nothing where it is not installed."""
    command = os.environ.get("WANDB_COMMAND") or shutil.which("wandb")
    if command is None:
        return {}
    python = Path(command).absolute().with_name("python")
    made = {**os.environ, "WANDB_DIR": str(bench.folder), "PYTHONPATH": ""}
    subprocess.run([str(python), "-c", LEET], cwd=bench.folder, env=made, check=True, capture_output=True)
    [run] = (bench.folder / "wandb").glob("offline-run-*")
    bench.environment.update(HOME=str(bench.folder), PYTHONPATH="")
    shown = [command, "leet", str(run)]
    took, work = bench.first_paint(shown, "val_accuracy")
    found = {"first paint of open": f"{took:.2f} s", "first paint of open, processor": f"{work:.2f} s"}
    terminal = bench.open(shown)
    terminal.wait_for("val_accuracy")
    found["start"] = f"{settle(terminal, 3):,} B"
    found["idle, 10 s"] = f"{rate(terminal, 10) * 10:.0f} B"
    terminal.type("\t")  # into the list at the left, where a cursor can go
    settle(terminal)
    for key, name in LEET_KEYS:
        before = len(terminal.sent)
        terminal.type(key)
        found[name] = f"{settle(terminal) - before:,} B"
    for each in reversed(family(terminal)):
        each.terminate()
    terminal.close()
    return found


def part_of(*arguments: str) -> dict[str, Any]:
    """Run a part of ``large_parts.py`` in a process of its own, and return its figures."""
    command = [sys.executable, str(Path(__file__).with_name("large_parts.py")), *arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    figures: dict[str, Any] = json.loads(told.stdout)
    return figures


def of_large(bench: Bench, trials: int) -> list[Row]:
    """What large sessions cost; the seconds are the processor's."""
    rows = []
    for many, replicates, epochs, most in (
        (trials // 10, 2, 20, ""),
        (trials, 2, 20, "60"),
        (trials * 10, 1, 4, "150"),
    ):
        folder = write_session(bench.folder / "of_sizes", str(many), many, replicates, epochs)
        found = part_of("open", str(folder.path))
        shutil.rmtree(folder.path)
        words = f"{many:,} trials × {replicates} × {epochs} epochs"
        rows += [
            (
                f"{words}: read, processor",
                "",
                f"{found['read']:.1f} s, the first piece {found['first']:.2f} s",
                "",
            ),
            ("  memory", "600 MB", f"{found['megabytes']} MB", ""),
            ("  toggle, all panes", most and f"{most} ms", f"{found['toggle']:.0f} ms ({found['slowest']})", ""),
            ("  ranking sorted", "50 ms", f"{found['sort']:.0f} ms", ""),
        ]
    queued = store.create(bench.folder / "of_sizes", "queued", spec_of(trials * 10, 1, 20))
    found = part_of("engine", str(queued.path))
    started = f"{found['start']:.1f} s ({found['start_cost']:.1f} s of the processor)"
    rows += [
        (f"engine, {trials * 10:,} jobs queued: start", "3 s", started, ""),
        ("  while 2 workers are busy", "1 %", f"{found['share']:.1%} of a core".replace("%", " %"), ""),
        ("  memory", "300 MB", f"{found['megabytes']} MB", ""),
    ]
    found = part_of("day")
    grown = f"{found['before']} → {found['after']} MB, {found['results']:.0f} MB of it results"
    return [*rows, ("24 h of 4 workers, drawn: memory", "flat", grown, "")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000, help="of the large session, a multiple of 5,000")
    asked = parser.parse_args()
    print(f"On {machine_in_words()}; {SIZE[0]}×{SIZE[1]}, load {psutil.getloadavg()[0]:.1f}:\n")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        leet, without = tried(of_leet, Bench(Path(folder)))
    header = ("what", "target", "hpo-tui", "bare Textual", "W&B LEET" if leet else "W&B LEET (not installed)")
    print("| " + " | ".join(header) + " |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder))
        for part in (
            of_keys,
            of_echoes,
            of_training,
            lambda bench: of_time(bench, asked.trials),
            lambda bench: of_large(bench, asked.trials),
        ):
            rows, failed = tried(part, bench)
            for row in rows or []:
                print("| " + " | ".join((*row, (leet or {}).get(row[0], ""))) + " |", flush=True)
            if failed:
                print(f"| {failed} | | | | |", flush=True)
    if without:
        print(f"\nW&B LEET: {without}")


def tried(part: Callable[[Bench], Made], bench: Bench) -> tuple[Made | None, str]:
    """Return what a part has found, or why it found nothing: the others are measured all the same."""
    try:
        return part(bench), ""
    except (AssertionError, OSError, ValueError, subprocess.CalledProcessError, psutil.Error) as error:
        return None, " ".join(f"failed: {type(error).__name__}: {error}".split())[:200]


if __name__ == "__main__":
    main()
