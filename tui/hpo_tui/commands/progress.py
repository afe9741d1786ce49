"""How a training's progress is printed without a screen: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import click

from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot
from hpo_core.session.status import LiveStatus, RunningJob
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.commands.sentences import ended_in_words
from hpo_tui.look.numbers import metric_text

if TYPE_CHECKING:
    from rich.progress import TaskID


BAR_WIDTH = 20
TITLE_WIDTH = 14


class Reporter(ABC):
    """Prints a training's progress; to be used as a context."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.eta: float | None = None

    @abstractmethod
    def say(self, sentence: str) -> None:
        """Print a sentence."""

    @abstractmethod
    def ended(self, place: int, entry: Replicate, snapshot: Snapshot) -> None:
        """Report the ``place``-th training to end (1-based)."""

    def begin(self, snapshot: Snapshot) -> None:
        """Say what is about to be done."""
        known = f", {plural(snapshot.ended, 'result')} there already" if snapshot.ended else ""
        spec = snapshot.spec
        self.say(
            f"{self.folder.name}: {plural(len(spec.grid), 'trial')} × {plural(spec.replicates, 'replicate')} = "
            f"{plural(snapshot.trainings, 'training')}{known}; {clean(self.folder.path)}"
        )

    def update(self, snapshot: Snapshot, status: LiveStatus | None) -> None:
        """Take in where the running jobs are; None where no engine runs."""
        self.eta = status.eta if status is not None else None

    @abstractmethod
    def __enter__(self) -> Reporter:
        """Begin to print."""

    @abstractmethod
    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""


class LineReporter(Reporter):
    """One plain line for each training that ends: no control characters, fit for a log file."""

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""

    def say(self, sentence: str) -> None:
        """Print a line."""
        click.echo(sentence)

    def ended(self, place: int, entry: Replicate, snapshot: Snapshot) -> None:
        """Print the training's line."""
        total = f"{snapshot.trainings}"
        eta = f"  ETA {format_seconds(self.eta)}" if self.eta is not None else ""
        self.say(f"[{place:>{len(total)}}/{total}] {ended_in_words(entry, snapshot, self.folder)}{eta}")


class BarReporter(Reporter):
    """A bar for the session and one for each worker; only what went wrong gets a line of its own."""

    def __init__(self, folder: SessionFolder) -> None:
        super().__init__(folder)
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(BAR_WIDTH, complete_style="cyan", finished_style="cyan"),
            TextColumn("{task.fields[words]}", markup=False),
            auto_refresh=False,
        )
        self._session = self._add(clean(folder.name, 24))
        self._workers: dict[int, TaskID] = {}

    def __enter__(self) -> Reporter:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._workers.values():
            self._progress.remove_task(task)
        self._progress.stop()

    def say(self, sentence: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def ended(self, place: int, entry: Replicate, snapshot: Snapshot) -> None:
        """Print a line for a training without a result, or that has a reason: it stopped early."""
        if entry.status != "complete" or entry.reason:
            self.say(ended_in_words(entry, snapshot, self.folder))

    def update(self, snapshot: Snapshot, status: LiveStatus | None) -> None:
        """Move the bars."""
        super().update(snapshot, status)
        eta = f"  ETA {format_seconds(self.eta)}" if self.eta is not None else ""
        words = f"{snapshot.ended}/{snapshot.trainings}{eta}"
        self._move(self._session, snapshot.ended / max(snapshot.trainings, 1), words)
        jobs = {job.worker: job for job in (status.running if status is not None else ())}
        for worker in sorted(jobs.keys() - self._workers.keys()):
            self._workers[worker] = self._add("")
        for worker, task in self._workers.items():
            if worker in jobs:
                self._move(task, jobs[worker].done, job_in_words(jobs[worker]), _title(jobs[worker]))
            else:
                self._move(task, 0.0, "", "idle")
        self._progress.refresh()

    def _add(self, title: str) -> TaskID:
        return self._progress.add_task(f"{title:<{TITLE_WIDTH}}", total=1.0, words="")

    def _move(self, task: TaskID, share: float, words: str, title: str | None = None) -> None:
        fields: dict[str, Any] = {} if title is None else {"description": f"{title:<{TITLE_WIDTH}}"}
        self._progress.update(task, completed=share, words=words, **fields)


def _title(job: RunningJob) -> str:
    return f"trial {job.trial} r{job.replicate}"


def job_in_words(job: RunningJob) -> str:
    """Return "epoch 2/3 batch 31/40 accuracy 0.9120 0:04" of a training under way."""
    if job.phase in ("start", "prepare"):
        return "getting ready"
    where = f"epoch {job.epoch}/{job.epochs}"
    if job.phase == "validate":
        where += " validation"
    elif job.batches:
        where += f" batch {job.batch}/{job.batches}"
    name = "accuracy" if "accuracy" in job.metrics else next(iter(job.metrics), None)
    metric = f" {clean(name, 20)} {metric_text(job.metrics[name])}" if name else ""
    return where + metric + (f" {format_seconds(job.eta)}" if job.eta is not None else "")
