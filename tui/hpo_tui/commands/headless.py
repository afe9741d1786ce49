"""A training followed without a screen: to its end, or to Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
import time
from collections.abc import Iterator

import click

from hpo_core.engine.stopping import stop_engine, wait_for_end
from hpo_core.errors import SessionError
from hpo_core.plan.grid import JobKey
from hpo_core.session.opening import SessionReader
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import ENDED, Replicate, Snapshot
from hpo_core.session.status import LiveStatus, read_status
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.commands.options import session_in_words
from hpo_tui.commands.progress import BarReporter, LineReporter, Reporter
from hpo_tui.commands.sentences import counts_in_words
from hpo_tui.commands.wiring_watch import WiringWatch

POLL_SECONDS = 0.2
STOP_SECONDS = 60.0
BEST_SHOWN = 5

PAUSED_BY_USER = "paused by the user"
"""The engine's reason for a pause that was ordered: whoever ordered it is there to resume."""


def follow_to_end(folder: SessionFolder) -> int:
    """Print a session's progress until its engine has left; return the exit status.

    0 where every training ended (a diverged one has ended too: that is a result), 1 where one failed or the
    engine left before the end, 130 where Ctrl-C stopped it; 143 and 129 where SIGTERM or SIGHUP ended this command
    and left the training to itself.
    """
    reporter: Reporter = BarReporter(folder) if sys.stdout.isatty() else LineReporter(folder)
    try:
        with told_to_leave(), reporter:
            snapshot = _follow(folder, reporter)
    except KeyboardInterrupt:
        return _stop(folder)
    except Told as told:
        _say_what_goes_on(f"this command was told to end ({told.signal.name})", folder)
        return 128 + told.signal
    except BrokenPipeError:
        _say_what_goes_on("nobody reads any more", folder)
        raise
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        _say_what_goes_on("the terminal is gone", folder)
        return 128 + signal.SIGHUP
    click.echo(summary(snapshot, folder))
    return 0 if snapshot.finished and not snapshot.counts["failed"] else 1


class Told(Exception):  # noqa: N818 - what happened
    """A signal asks this command to end, and not the training."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = signal.Signals(number)


@contextlib.contextmanager
def told_to_leave() -> Iterator[None]:
    """Raise ``Told`` on SIGTERM, and on SIGHUP unless it is ignored, as by nohup."""

    def leave(number: int, _: object) -> None:
        raise Told(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_what_goes_on(why: str, folder: SessionFolder) -> None:
    with contextlib.suppress(OSError):  # nobody may be there to hear it
        session = session_in_words(folder)
        click.echo(
            f"hpo-tui: {why}; the training of {folder.name} goes on: 'hpo-tui open {session}' shows it, "
            f"'hpo-tui stop {session}' ends it.",
            err=True,
        )


def _follow(folder: SessionFolder, reporter: Reporter) -> Snapshot:
    reader = SessionReader(folder)
    reader.poll()
    before = reader.snapshot()
    wiring, held = WiringWatch(), ""
    reporter.begin(before)
    while True:
        alive = folder.engine_runs()  # asked before reading: what was written before its end is then read
        if reader.poll():
            snapshot = reader.snapshot()
            tell_changes(before, snapshot, reporter)
            for fault in wiring.news(snapshot):
                reporter.say(f"warning: {fault}")
            before = snapshot
        status = read_status(folder.status) if alive else None
        held = tell_held(held, status, reporter)
        reporter.update(before, status)
        if not alive:
            return before
        if _stuck(before):
            reporter.say("nobody is here to resume it, so the training stops")
            stop_engine(folder, now=True)
            wait_for_end(folder, STOP_SECONDS)
        time.sleep(POLL_SECONDS)


def tell_held(before: str, status: LiveStatus | None, reporter: Reporter) -> str:
    """Say once that the disk holds the queue up, and why; its end is a note of the engine's."""
    held = status.held if status is not None else ""
    if held and not before:
        reporter.say(f"the queue is paused: {clean(held, 400)}")
    return held


def _stuck(snapshot: Snapshot) -> bool:
    """Whether the engine paused the queue for a reason of its own, and nothing runs any more."""
    return snapshot.paused not in (None, PAUSED_BY_USER) and not snapshot.counts["running"]


def tell_changes(before: Snapshot, now: Snapshot, reporter: Reporter) -> None:
    """Report what is new: the data, notes, a pause, trainings that ended, in the order of their ends."""
    if now.data is not None and now.data != before.data and now.data.train:
        height, width = now.data.image_size
        counts = f"{now.data.train:,} training and {now.data.validation:,} validation"
        shape = f"images of {plural(len(now.data.classes), 'class', 'classes')}, {width}×{height}"
        what = shape if now.data.classes else "examples"
        reporter.say(f"{counts} {what}, ready in {now.data.seconds:.1f} s")
    for note in now.notes[len(before.notes) :]:
        reporter.say(f"{note.level}: {clean(note.text, 400)}")
    for place, entry in enumerate(newly_ended(before, now), before.ended + 1):
        reporter.ended(min(place, now.ended), entry, now)
    if now.paused != before.paused:
        reporter.say(
            "the queue goes on" if now.paused is None else f"the queue is paused: {clean(now.paused, 400)}"
        )


def newly_ended(before: Snapshot, now: Snapshot) -> Iterator[Replicate]:
    """Yield the trainings that have ended since ``before``, the first to end first."""

    def is_new(key: JobKey, entry: Replicate) -> bool:
        old = before.replicates.get(key)
        return entry.status in ENDED and (old is None or old.status not in ENDED or old.attempt != entry.attempt)

    ended = [entry for key, entry in now.replicates.items() if is_new(key, entry)]
    return iter(sorted(ended, key=lambda entry: entry.ended))


def _stop(folder: SessionFolder) -> int:
    """Stop the training in an orderly way; a second Ctrl-C leaves at once, the engine stops all the same."""
    click.echo(
        f"\nStopping; what has ended is kept, and 'hpo-tui resume {session_in_words(folder)}' goes on.", err=True
    )
    try:
        stop_engine(folder, now=True)
    except SessionError as error:
        click.echo(f"hpo-tui: {error}", err=True)
        return 1
    if not wait_for_end(folder, STOP_SECONDS):
        click.echo("hpo-tui: the engine was told to stop, and still works.", err=True)
    return 130


def summary(snapshot: Snapshot, folder: SessionFolder) -> str:
    """Return how the session stands, its best trials, and what to do next."""
    from hpo_tui.commands.show import ranking_lines

    took = f", in {format_seconds(snapshot.time - snapshot.began)}" if snapshot.began else ""
    lines = [f"{counts_in_words(snapshot)}{took}."]
    if not snapshot.finished:
        reason = snapshot.stopped.reason if snapshot.stopped else f"the engine is gone, see {folder.engine_log}"
        lines.append(f"Not finished ({clean(reason)}); 'hpo-tui resume {session_in_words(folder)}' goes on.")
    lines += ["", *ranking_lines(snapshot, BEST_SHOWN), "", f"More: hpo-tui show {session_in_words(folder)}"]
    return "\n".join(lines)
