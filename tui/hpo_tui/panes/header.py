"""The line at the top: which session, how far, how fast, until when."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects import Wiring
from hpo_core.plan.workloads import WORKLOADS
from hpo_core.results.analysis import probed_wiring
from hpo_core.results.measure import Measure
from hpo_core.session.damage import damage_in_words
from hpo_core.session.snapshot import Snapshot, session_status
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, WARNING
from hpo_tui.look.numbers import percent
from hpo_tui.panes.pane import Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, bar, named, padded, row_width, run

BAR_WIDTH = 36


def state_word(update: Update) -> str:
    """Return what the session is doing, in a word or two."""
    if update.read < 1:
        return f"reading {percent(update.read)}"
    held = update.status.held if update.status is not None else ""
    word = session_status(update.snapshot, update.engine_alive, held)
    begun = update.snapshot.counts["running"] or update.snapshot.ended
    return "starting" if word == "training" and not begun else word


def made_up(snapshot: Snapshot) -> bool:
    """Whether nothing was trained, and the results mean nothing."""
    name = snapshot.engine.options.workload if snapshot.engine is not None else snapshot.spec.workload
    return name in WORKLOADS and WORKLOADS[name].made_up


class Header(Pane):
    """The session's line."""

    name = "header"
    framed = focusable = False
    lively = True

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the line."""
        return [header_row(desk.name, desk.update, desk.measure, width, bool(desk.table.apart))]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the update and what is shown of it."""
        return desk.update, desk.measure, desk.table.apart


def header_row(name: str, update: Update, measure: Measure, width: int, apart: bool = False) -> Row:
    """Return the line: name, state, share, what is shown; then bar, time left and workers where they fit.

    ``apart`` says that trials are only compared within one loss.
    """
    snapshot, status = update.snapshot, update.status
    total = snapshot.trainings
    share = snapshot.ended / total if total else 0.0
    word = state_word(update)
    state_ink = WARNING if word in ("engine gone", "paused") else DEFAULT
    lead: Row = (
        run(" "),
        named(name),
        run(f"  {word} ", state_ink),
        run(f"{snapshot.ended} of {total}  "),
        *((run("made-up results  ", WARNING),) if made_up(snapshot) else ()),
    )
    parts: list[Row] = [(run(f"  {percent(share)}"),)]
    ways = (
        (f"{measure.words}, within one loss", f"{measure.metric}, within one loss") if apart else (measure.words,)
    )
    wordings = [(run(f"  {measure.arrow} {shorten(said, 40)} ", ACCENT),) for said in ways]
    room = width - sum(map(row_width, (lead, *parts)))
    shown: Row = next((row for row in wordings if row_width(row) <= room), wordings[-1])
    if status is not None and word in ("training", "starting", "paused"):
        if others := status.others:
            beside = clean(others[0].name, 24) if len(others) == 1 else plural(len(others), "session")
            parts.append((run(f"  beside {beside}", DIM),))
        parts.append((run(f"  {plural(status.workers, 'worker')}", DIM),))
        if word == "training":
            left = "measuring the time" if status.eta is None else f"{format_seconds(status.eta)} left"
            parts.append((run(f"  {left}"),))
    elif word in ("finished", "stopped") and snapshot.began:
        parts.append((run(f"  {format_seconds(snapshot.time - snapshot.began)} in all", DIM),))
    while len(parts) > 1 and sum(map(row_width, (lead, *parts, shown))) > width:
        parts.pop(1)
    rest: Row = tuple(piece for part in (*parts, shown) for piece in part)
    room = width - row_width(lead) - row_width(rest)
    middle = bar(share, min(room, BAR_WIDTH)) if room >= 6 else ()
    return padded((*lead, *middle, *rest), width)


def notice(update: Update, wiring: Sequence[Wiring] = ()) -> str:
    """Return the one sentence that the person must see now, or an empty text.

    ``wiring`` is what is known of it by trainings that have ended.
    """
    snapshot = update.snapshot
    if snapshot.damage:
        return f"{plural(len(snapshot.damage), 'damaged journal record')} left out: {snapshot.damage[0]}"
    if update.status is not None and update.status.message:
        return update.status.message
    if snapshot.paused is not None and update.engine_alive:
        return f"Paused: {snapshot.paused}; p goes on."
    word = state_word(update)
    if word == "engine gone":
        return f"The engine is gone; R starts it again.{_interrupted(snapshot)} Nothing that was saved is lost."
    if word == "stopped" and not snapshot.finished:
        waiting = snapshot.counts["waiting"]
        return f"Stopped with {plural(waiting, 'training')} waiting; R goes on."
    if word == "not started":
        return "Nothing trains yet; R starts it."
    faults = [found for found in (*wiring, *probed_wiring(snapshot)) if found.fault]
    return str(faults[0]) if faults else damage_in_words(snapshot) or _last_warning(snapshot)


def _interrupted(snapshot: Snapshot) -> str:
    count = snapshot.counts["running"]
    verb = "starts" if count == 1 else "start"
    return f" Interrupted: {plural(count, 'training')} {verb} again." if count else ""


def _last_warning(snapshot: Snapshot) -> str:
    for note in reversed(snapshot.notes):
        if note.level != "info":
            return note.text
    return ""
