"""Sessions and terminals that mean harm: links, pipes, other sessions' files, any bytes at all.

Counted as wrong is whatever was changed outside of the session, hung, ended in a traceback, or was misread: shown
as a result that it is not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from click.testing import CliRunner
from drill_tools import CLASSES, Figures, finished_session, work_off
from textual import events

from hpo_core.engine import launch
from hpo_core.errors import HpoError
from hpo_core.executors import process
from hpo_core.journal.events import PauseQueue
from hpo_core.plan.grid import JobKey
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import FILES, FOLDERS, SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import read_status
from hpo_core.workloads.synthetic import synthetic_curve
from hpo_tui.cli import cli
from hpo_tui.desk.view_file import ViewFile
from hpo_tui.keyboard import Keyboard
from hpo_tui.screens.log import log_text

HUNG_SECONDS = 20.0
NAMES = (
    *(*FILES, *FOLDERS, "journal.jsonl", "journal-2.jsonl", "journal-recovered.jsonl", "journal.index"),
    ".view.json.part",
    *("control/1-1-1.json", "logs/engine.log", "logs/probes.log", "logs/worker-01.log", "exports/trials.csv"),
)
"""What of a session may be anything; a pair of the journal and of the spec is changed most."""

Put = Callable[[Path, Path, random.Random], object]


class Hung(BaseException):
    """Nothing came back in time; no ``except Exception`` takes it for something else."""


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 40)


PUT: dict[str, Put] = {
    "link to a file": lambda place, outside, draw: place.symlink_to(outside / draw.choice(["mine", place.name])),
    "link to a folder": lambda place, outside, _: place.symlink_to(outside),
    "link to itself": lambda place, *_: place.symlink_to(place),
    "device": lambda place, _, draw: place.symlink_to(draw.choice(["/dev/zero", "/dev/full", "/dev/tty"])),
    "hard link": lambda place, outside, _: place.hardlink_to(outside / "mine"),
    "pipe": lambda place, *_: os.mkfifo(place),
    "folder": lambda place, *_: place.mkdir(),
    "nothing": lambda *_: None,
    "empty": lambda place, *_: place.touch(),
    "noise": lambda place, _, draw: place.write_bytes(draw.randbytes(draw.randint(1, 2000))),
    "another session's": lambda place, outside, _: shutil.copyfile(
        outside / (place.name if place.name in ("spec.toml", "journal.jsonl") else "mine"), place
    ),
    "endless": lambda place, *_: _sparse(place),
}

VERBS = (["show"], ["effects"], ["export"], ["repair"], ["pause"], ["stop"], ["plot", "ranking"])


def spoil_folders(place: Path, rounds: int, seed: int = 5) -> Figures:
    """Put anything in the place of a session's files; then open, work on, list, show, steer and mend it."""
    draw = random.Random(seed)
    sessions, outside = place / "sessions", place / "outside"
    sessions.mkdir(parents=True)
    whole = finished_session(sessions, "whole")
    send_order(whole.control, PauseQueue())
    shutil.copytree(finished_session(sessions, "other", rates=3).path, outside)
    (outside / "mine").write_text("mine")
    kept = _contents(outside)
    found: Counter[str] = Counter()
    for number in range(rounds):
        folder = SessionFolder(sessions / "spoilt")
        shutil.copytree(whole.path, folder.path)
        what = [_spoil(folder.path, outside, draw) for _ in range(draw.choice([1, 1, 2, 3]))]
        for act in _acts(folder, draw):
            with _watched(found, f"{number}: {what}"):
                act()
        if _contents(outside) != kept:
            found[f"changed outside, {what}"] += 1
            kept = _contents(outside)
        shutil.rmtree(folder.path)
    note = "; ".join(found) or "0 changed outside, 0 hung, 0 tracebacks, 0 misread"
    return Figures("anything in a session's folder", rounds, wrong=found.total(), note=note)


def _spoil(folder: Path, outside: Path, draw: random.Random) -> str:
    name, how = draw.choice(NAMES), draw.choice(list(PUT))
    place = folder / name
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    with contextlib.suppress(OSError):  # its folder may be gone, or a link; then all is as it is
        place.unlink(missing_ok=True)
        if not place.parent.is_symlink():
            PUT[how](place, outside, draw)
    return f"{name}: {how}"


def _acts(folder: SessionFolder, draw: random.Random) -> Iterator[Callable[[], object]]:
    yield lambda: _check(read_session(folder))
    yield lambda: work_off(folder)
    yield lambda: read_status(folder.status)
    yield lambda: ViewFile(folder.view, folder.load_spec().grid, 4)
    yield lambda: [log_text(path) for path in (folder.engine_log, folder.probes_log)]
    yield lambda: os.close(launch._open_log(folder))
    yield lambda: process._open_log(folder.logs / "worker-01.log").close()
    yield lambda: send_order(folder.control, PauseQueue())
    verb, *kind = draw.choice(VERBS)
    yield lambda: _call(verb, str(folder.path), *kind)
    if draw.random() < 0.2:
        yield lambda: _call("list", "--sessions", str(folder.path.parent))


def _call(*words: str) -> None:
    done = CliRunner().invoke(cli, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception


def _check(snapshot: Snapshot) -> None:
    """Every result is the one of its own values and seed."""
    for key, entry in snapshot.replicates.items():
        values = snapshot.spec.values_of(JobKey(*key).trial)
        curve = synthetic_curve(values, entry.seed or 0, int(values["epochs"]), CLASSES)
        assert [dict(epoch.metrics) for epoch in entry.epochs] == curve[: len(entry.epochs)], "misread"


@contextlib.contextmanager
def _watched(found: Counter[str], what: str) -> Iterator[None]:
    """Count what comes out that is no sentence, and what does not come out at all."""

    def hung(*_: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, HUNG_SECONDS)
    try:
        yield
    except (HpoError, OSError):
        pass
    except (Exception, Hung) as error:  # noqa: BLE001 - this is what is looked for
        found[f"{type(error).__name__} {error} ({what})"] += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _contents(outside: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(outside)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(outside.rglob("*"))
        if path.is_file()
    }


NOISE = (
    *(b"\x1b", b"\x1b[", b"\x1b[M", b"\x1b[<", b"\x1b]", b"\x1bP", b"\x1b_", b"\x07", b"\x1b\\", b"\x1b[200~"),
    *(
        b"\x1b[201~",
        b"\x00",
        b"\xff",
        b"\xe9",
        b"\xc3",
        b";",
        b"9" * 300,
        b"q",
        b"u",
        b"~",
        b"R",
        b"t",
        b"$y",
        b"?",
    ),
)


def send_noise(rounds: int, seed: int = 6) -> Figures:
    """Send a terminal's sequences, whole, cut and mixed with anything; a key that comes after is heard."""
    draw, found = random.Random(seed), Counter[str]()
    for number in range(rounds):
        now = [0.0]
        keyboard = Keyboard(lambda now=now: now[0])  # type: ignore[misc]
        count = draw.randint(1, 12)
        pieces = [draw.choice(NOISE) if draw.random() < 0.7 else draw.randbytes(5) for _ in range(count)]
        with (
            _watched(found, f"{number}: {pieces}"),
            mock.patch("textual._parser.get_time", lambda now=now: now[0]),  # Textual's patience with an escape
        ):
            for piece in pieces:
                list(itertools.chain(keyboard.feed(piece), keyboard.tick()))
            for _ in range(2):
                now[0] += 5.0
                list(keyboard.tick())
            heard = [event for _ in range(2) for event in keyboard.feed(b"j")]
            keys = [event.key for event in heard if isinstance(event, events.Key)]
            assert keys[-1:] == ["j"], f"deaf: {keys}"
    return Figures("any bytes from a terminal", rounds, wrong=found.total(), note="; ".join(found) or "0 deaf")
