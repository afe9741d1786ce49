"""What is done to the queue: to the jobs picked there, to the one under the cursor, to all of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec.structs import replace

from hpo_core.journal.events import MoveJobs, Order, StopJob
from hpo_core.plan.grid import JobKey
from hpo_core.session.snapshot import ENDED
from hpo_core.text import plural
from hpo_tui.panes.queue_pane import queue_of, shifted
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Choice
from hpo_tui.screens.log import LogScreen


def pause(screen: DeskScreen) -> None:
    """Pause or resume the queue."""
    screen.do(screen.orders.pause_or_resume)


def start_engine(screen: DeskScreen) -> None:
    """Start an engine where none is running."""
    screen.do(screen.orders.restart)


def pick(screen: DeskScreen) -> None:
    """Pick the job under the queue's cursor, or put it back."""
    for key in _under_cursor(screen):
        screen.look(replace(screen.state, chosen=screen.state.chosen ^ {key}))


def stop(screen: DeskScreen, after_epoch: bool) -> None:
    """Stop the picked trainings, now or at the end of their epoch; take waiting ones out of the queue."""
    if keys := _not_ended(screen):
        stops = [StopJob(trial=key.trial, replicate=key.replicate, after_epoch=after_epoch) for key in keys]
        when = " at the end of the epoch." if after_epoch else "."
        _order(screen, stops, f"Stopping {plural(len(keys), 'training')}{when}")


def move(screen: DeskScreen, to: Literal["front", "back"]) -> None:
    """Move the picked jobs to the front or the back of the queue."""
    if keys := _not_ended(screen):
        pairs = tuple((key.trial, key.replicate) for key in keys)
        _order(screen, [MoveJobs(jobs=pairs, to=to)], f"{plural(len(keys), 'job')} moved to the {to}.")


def shift(screen: DeskScreen, step: int) -> None:
    """Move the picked jobs up (-1) or down (1) by one place in the queue; they stay picked."""
    keys = _not_ended(screen)
    if not keys or screen.latest is None:
        return
    where = "up" if step < 0 else "down"
    front = shifted(screen.latest.snapshot.queue, keys, step)
    if not front:
        screen.say(f"There is no place further {where}.")
        return
    pairs = tuple((key.trial, key.replicate) for key in front)
    picked, job = screen.state.chosen, screen.state.job
    _order(screen, [MoveJobs(jobs=pairs, to="front")], f"{plural(len(keys), 'job')} moved {where}.")
    follow = job + step if job is not None and not picked else job
    screen.look(replace(screen.state, chosen=picked, job=max(follow, 0) if follow is not None else None))


def stop_all(screen: DeskScreen) -> None:
    """Ask, then end the engine: with what is under way, or after it. What waits goes on waiting."""
    if screen.latest is None or not screen.latest.engine_alive:
        screen.say("Nothing trains here; R starts an engine.")
        return
    answers = [
        ("finish", "Stop after the trainings under way"),
        ("stop", "Stop now: the trainings under way start again from epoch 1 when resumed"),
        ("none", "Go on training"),
    ]
    words = "Every result is kept, and what waits stays in the queue; R goes on with it."

    def answered(answer: str | None) -> None:
        if answer in ("finish", "stop"):
            screen.do(lambda _: screen.orders.stop(now=answer == "stop"))

    screen.app.push_screen(Choice("Stop all", words, answers), answered)


def repeat(screen: DeskScreen, statuses: Collection[str]) -> None:
    """Queue again the trainings that ended so."""
    if screen.latest is None:
        return
    found = [entry.key for entry in screen.latest.snapshot.replicates.values() if entry.status in statuses]
    if found:
        _queue_again(screen, found, "queued again")
    else:
        screen.say(f"No training has {' or '.join(statuses)}.".replace("has stopped", "was stopped"))


def add_replicate(screen: DeskScreen) -> None:
    """Queue one more replicate of the trial that is pointed at; else, after asking, of every trial in view."""
    desk = screen.desk()
    if desk is None:
        return
    if screen.orders.read_only:
        screen.do(lambda update: screen.orders.queue(update, [], ""))  # says why nothing can be queued
        return
    if screen.focused_pane == "queue":
        trials = sorted({key.trial for key in _picked(screen)})
    else:
        trials = [desk.trial] if desk.trial is not None else desk.trials_shown()
    new = [JobKey(trial, desk.snapshot.replicate_count(trial) + 1) for trial in trials]
    if len(new) < 2:
        _queue_again(screen, new, "one more replicate")
        return
    start = "" if desk.update.engine_alive else " and start an engine"
    words = f"One more replicate of each of the {len(new)} trials: {plural(len(new), 'training')}."
    answers = [("queue", f"Queue {plural(len(new), 'training')}{start}"), ("none", "Leave it")]

    def answered(answer: str | None) -> None:
        if answer == "queue":
            _queue_again(screen, new, "one more replicate")

    screen.app.push_screen(Choice("One more replicate", words, answers), answered)


def log(screen: DeskScreen) -> None:
    """Show the log of the job under the cursor, or of the last replicate of the trial under the view's."""
    if screen.latest is None:
        return
    keys = _under_cursor(screen) or _of_trial(screen)
    if keys:
        attempt = screen.latest.snapshot.replicate(keys[0]).attempt
        path = screen.folder.log_of(keys[0], attempt)
        screen.app.push_screen(LogScreen(path, f"{keys[0]}, attempt {attempt}"))
    else:
        screen.say("Choose a job, or a trial of the view, first: tab, then up and down.")


def _queue_again(screen: DeskScreen, keys: list[JobKey], reason: str) -> None:
    if keys:
        screen.do(lambda update: screen.orders.queue(update, keys, reason))
        screen.look(replace(screen.state, chosen=frozenset()))


def _order(screen: DeskScreen, orders: Sequence[Order], said: str) -> None:
    """Give orders to the engine, and say what they are for; what was picked is picked no longer."""
    screen.do(lambda update: screen.orders.give(update, orders, said))
    screen.look(replace(screen.state, chosen=frozenset()))


def _under_cursor(screen: DeskScreen) -> list[JobKey]:
    if screen.latest is None or screen.state.job is None:
        return []
    lines = queue_of(screen.latest.snapshot)
    return [lines[min(screen.state.job, len(lines) - 1)]] if len(lines) else []


def _picked(screen: DeskScreen) -> list[JobKey]:
    """The picked jobs, or the one under the cursor; a word where there is neither."""
    keys = sorted(screen.state.chosen, key=lambda key: (key.replicate, key.trial)) or _under_cursor(screen)
    if not keys:
        screen.say("Choose a job first: tab to the queue, then up and down; space picks several.")
    return keys


def _not_ended(screen: DeskScreen) -> list[JobKey]:
    """The picked jobs that wait or run; a word where all of them have ended."""
    picked = _picked(screen)
    if screen.latest is None or not picked:
        return []
    keys = [key for key in picked if screen.latest.snapshot.replicate(key).status not in ENDED]
    if not keys:
        what = f"{picked[0]} has" if len(picked) == 1 else f"All {len(picked)} picked trainings have"
        screen.say(f"{what} ended already.")
    return keys


def _of_trial(screen: DeskScreen) -> list[JobKey]:
    """The last replicate that was tried of the trial under the view's cursor."""
    desk = screen.desk()
    if desk is None or desk.trial is None:
        return []
    return [entry.key for entry in desk.snapshot.replicates_of(desk.trial) if entry.attempt][-1:]
