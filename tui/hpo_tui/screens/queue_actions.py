"""What the keys of the queue do to the jobs picked there, or to the one under the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hpo_core.journal.events import MoveJobs, Order, StopJob
from hpo_core.plan.grid import JobKey
from hpo_core.session.snapshot import ENDED, Snapshot
from hpo_core.text import plural
from hpo_tui.panes.queue_pane import QueueList, shifted
from hpo_tui.screens.dialogs import Choice
from hpo_tui.screens.training_actions import TrainingActions


class QueueActions(TrainingActions):
    """Stops, repeats, moves and adds trainings."""

    def pick_job(self) -> None:
        """Pick the job under the queue's cursor, or put it back."""
        for key in self._under_cursor():
            self.look(replace(self.state, chosen=self.state.chosen ^ {key}))

    def action_stop_job(self, after_epoch: bool) -> None:
        """Stop the picked trainings, now or at the end of their epoch; take waiting ones out of the queue."""
        if keys := self._not_ended():
            self.order(
                [StopJob(trial=key.trial, replicate=key.replicate, after_epoch=after_epoch) for key in keys],
                f"Stopping {plural(len(keys), 'training')}"
                + (" at the end of the epoch." if after_epoch else "."),
            )

    def action_move_jobs(self, to: Literal["front", "back"]) -> None:
        """Move the picked jobs to the front or the back of the queue."""
        if keys := self._not_ended():
            pairs = tuple((key.trial, key.replicate) for key in keys)
            self.order([MoveJobs(jobs=pairs, to=to)], f"{plural(len(keys), 'job')} moved to the {to}.")

    def action_move_jobs_by(self, step: int) -> None:
        """Move the picked jobs up (-1) or down (1) by one place in the queue."""
        keys = self._not_ended()
        if not keys or self.latest is None:
            return
        front = shifted(self.latest.snapshot.queue, keys, step)
        if not front:
            self.notify("There is no place further " + ("up." if step < 0 else "down."), markup=False)
            return
        pairs = tuple((key.trial, key.replicate) for key in front)
        picked, job = self.state.chosen, self.state.job
        where = "up" if step < 0 else "down"
        self.order([MoveJobs(jobs=pairs, to="front")], f"{plural(len(keys), 'job')} moved {where}.")
        follow = job + step if job is not None and not picked else job
        self.look(replace(self.state, chosen=picked, job=max(follow, 0) if follow is not None else None))

    def action_stop_all(self) -> None:
        """Ask, then end the engine: with what is under way, or after it. What waits goes on waiting."""
        if self.latest is None or not self.latest.engine_alive:
            self.notify("Nothing trains here; R starts an engine.", markup=False)
            return
        answers = [
            ("finish", "Stop after the trainings under way"),
            ("stop", "Stop now: the trainings under way start again from epoch 1 when resumed"),
            ("none", "Go on training"),
        ]
        words = "Every result is kept, and what waits stays in the queue; R goes on with it."

        def answered(answer: str | None) -> None:
            if answer in ("finish", "stop"):
                self.do(lambda _: self._stop_all(now=answer == "stop"))

        self.app.push_screen(Choice("Stop all", words, answers), answered)

    def _stop_all(self, now: bool) -> str:
        self.work.stop(now)
        return "Stopping." if now else "Stopping after the trainings under way."

    def action_repeat(self, missing: bool) -> None:
        """Queue again what failed; with ``missing``, also what diverged or was stopped."""
        if self.latest is None:
            return
        statuses = ("failed", "diverged", "stopped") if missing else ("failed",)
        found = [entry.key for entry in self.latest.snapshot.replicates.values() if entry.status in statuses]
        if not found:
            self.notify(
                f"No training has {' or '.join(statuses)}.".replace("has stopped", "was stopped"), markup=False
            )
            return
        self._queue_again(found, "queued again")

    def action_add_replicate(self) -> None:
        """Queue one more replicate of the trial that is pointed at; else, after asking, of every trial in view."""
        if self.latest is None:
            return
        desk = self.desk(self.latest)
        if self.focused is not None and self.focused.id == "queue":
            trials = sorted({key.trial for key in self._picked()})
        else:
            trials = [desk.trial] if desk.trial is not None else desk.trials_shown()
        new = [JobKey(trial, self.latest.snapshot.replicate_count(trial) + 1) for trial in trials]
        if len(new) < 2:
            self._queue_again(new, "one more replicate")
            return
        start = "" if self.latest.engine_alive else " and start an engine"
        words = f"One more replicate of each of the {len(new)} trials: {plural(len(new), 'training')}."
        answers = [("queue", f"Queue {plural(len(new), 'training')}{start}"), ("none", "Leave it")]

        def answered(answer: str | None) -> None:
            if answer == "queue":
                self._queue_again(new, "one more replicate")

        self.app.push_screen(Choice("One more replicate", words, answers), answered)

    def action_log(self) -> None:
        """Show the log of the job under the cursor, or of the last replicate of the trial under the view's."""
        if self.latest is None:
            return
        keys = self._under_cursor() or self._of_trial(self.latest.snapshot)
        if keys:
            self.show_log(keys[0])
        else:
            self.notify("Choose a job, or a trial of the view, first: tab, then up and down.", markup=False)

    def show_log(self, key: JobKey) -> None:
        """Show the log of a replicate's last attempt."""
        from hpo_tui.screens.log import LogScreen

        assert self.latest is not None
        attempt = self.latest.snapshot.replicate(key).attempt
        self.app.push_screen(LogScreen(self.folder.log_of(key, attempt), f"{key}, attempt {attempt}"))

    def _queue_again(self, keys: list[JobKey], reason: str) -> None:
        if not keys:
            return
        self.do(lambda update: self.work.queue(update, keys, reason))
        self.look(replace(self.state, chosen=frozenset()))

    def order(self, orders: list[Order], said: str) -> None:
        """Give orders to the engine, and say what they are for."""
        self.do(lambda update: self.work.give(update, orders, said))
        self.look(replace(self.state, chosen=frozenset()))

    def _under_cursor(self) -> list[JobKey]:
        if self.latest is None or self.state.job is None:
            return []
        lines = QueueList(self.latest.snapshot)
        return [lines[min(self.state.job, len(lines) - 1)]] if len(lines) else []

    def _picked(self) -> list[JobKey]:
        """The picked jobs, or the one under the cursor; a word where there is neither."""
        keys = sorted(self.state.chosen, key=lambda key: (key.replicate, key.trial)) or self._under_cursor()
        if not keys:
            self.notify(
                "Choose a job first: tab to the queue, then up and down; space picks several.", markup=False
            )
        return keys

    def _not_ended(self) -> list[JobKey]:
        """The picked jobs that wait or run; a word where all of them have ended."""
        picked = self._picked()
        if self.latest is None or not picked:
            return []
        keys = [key for key in picked if self.latest.snapshot.replicate(key).status not in ENDED]
        if not keys:
            what = f"{picked[0]} has" if len(picked) == 1 else f"All {len(picked)} picked trainings have"
            self.notify(f"{what} ended already.", markup=False)
        return keys

    def _of_trial(self, snapshot: Snapshot) -> list[JobKey]:
        trial = self.desk(self.latest).trial if self.latest is not None else None
        tried = (
            [entry.key for entry in snapshot.replicates_of(trial) if entry.attempt] if trial is not None else []
        )
        return tried[-1:]
