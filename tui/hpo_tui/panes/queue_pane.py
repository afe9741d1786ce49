"""The queue pane: what trains now and how far it is, what comes next, ended badly, waits, and is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from hpo_core.plan.grid import JobKey
from hpo_core.session.snapshot import Replicate, Snapshot, Status
from hpo_core.session.status import RunningJob
from hpo_core.text import clean, format_seconds, format_value
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import ACCENT, DIM, STRONG, WARNING
from hpo_tui.look.numbers import metric_text
from hpo_tui.panes.header import notice
from hpo_tui.panes.pane import PAGE, Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, bar, fit, padded, row_width, run, sides
from hpo_tui.views.view import Cells

_BADLY = {"failed", "diverged", "stopped"}
_DONE: tuple[Status, ...] = ("complete", "pruned")
_STATUS_INK = {"failed": WARNING, "diverged": WARNING, "stopped": DIM, "pruned": DIM}


class QueuePane(Pane):
    """The jobs, those under way first, and the one notice that must be seen now."""

    name = "queue"
    lively = True

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the page of jobs with the cursor's."""
        # What running trainings cost is not known before they have ended: they tell of the objective.
        measure = desk.measure
        metric = desk.snapshot.spec.objective.metric if measure.cost else measure.metric
        return queue_rows(desk.update, metric, width, height, desk.state.job, desk.state.chosen)

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the update, what is told of it, and where the cursor is."""
        return desk.update, desk.measure, desk.state.job, desk.state.chosen

    def title(self, desk: Desk, width: int) -> str:
        """Return how many jobs there are of each status."""
        return shorten(queue_title(desk.snapshot), width)

    def edge(self, desk: Desk, width: int, height: int) -> str:
        """Return the notice."""
        return shorten(notice(desk.update, desk.whole.wiring), width - 2)

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Move the cursor to the job that was clicked."""
        lines = jobs_shown(desk.state.job, len(queue_of(desk.snapshot)), size[1])
        return replace(desk.state, job=lines[place[1]]) if 0 <= place[1] < len(lines) else desk.state

    def moved(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the cursor by some jobs."""
        last = max(len(queue_of(desk.snapshot)) - 1, 0)
        return replace(desk.state, job=min(max((desk.state.job or 0) + step, 0), last))

    def paged(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the cursor by a page."""
        return self.moved(desk, PAGE * step, size)


def queue_title(snapshot: Snapshot) -> str:
    """Return "Queue · 2 running · 74 waiting · 44 done · 0 failed", with the rarer ones where there are any."""
    counts = snapshot.counts
    parts = [
        f"{counts['running']} running",
        f"{counts['waiting']} waiting",
        f"{counts['complete']} done",
        f"{counts['failed']} failed",
    ]
    parts += [f"{counts[status]} {status}" for status in ("pruned", "diverged", "stopped") if counts[status]]
    return "Queue · " + " · ".join(parts)


def job_name(snapshot: Snapshot, key: JobKey, longest: int = 13) -> str:
    """Return "0.001 · poisson · 36 · r1": the trial's values, long ones cut, and the replicate."""
    values = [shorten(format_value(value), longest) for value in snapshot.spec.grid[key.trial].values.values()]
    return " · ".join([*values, f"r{key.replicate}"])


class QueueList(Struct, frozen=True, dict=True):
    """The pane's lines by their place: running jobs, the next one, those that ended badly, the rest, the done.

    It is kept with its snapshot, so it does not hold it: in a circle, snapshots would pile up while it trains.
    """

    replicates: Mapping[JobKey, Replicate]
    queue: tuple[JobKey, ...]
    ended: int
    """How many are complete or pruned."""
    trainable: bool

    @cached_property
    def running(self) -> list[Replicate]:
        """The jobs under way, by worker."""
        found = [entry for entry in self.replicates.values() if entry.status == "running"]
        return sorted(found, key=lambda entry: entry.worker or 0)

    @cached_property
    def bad(self) -> list[Replicate]:
        """The jobs that failed, diverged or were stopped."""
        found = [entry for entry in self.replicates.values() if entry.status in _BADLY]
        return sorted(found, key=lambda entry: -entry.ended)

    @cached_property
    def done(self) -> list[Replicate]:
        """The trainings that are complete or pruned, the newest first; those of a table in its own order."""
        found = [entry for entry in self.replicates.values() if entry.status in _DONE]
        return sorted(found, key=lambda entry: entry.ended)[::-1] if self.trainable else found

    @cached_property
    def waiting(self) -> int:
        """How many lines come before those that are done."""
        return len(self.running) + len(self.bad) + len(self.queue)

    def __len__(self) -> int:
        return self.waiting + self.ended

    def __getitem__(self, place: int) -> JobKey:
        """Return the job on a line (0-based); the queue itself is never copied, it can be long."""
        queue = self.queue
        first = min(len(queue), 1)
        if place >= self.waiting:
            return self.done[place - self.waiting].key
        if place < len(self.running):
            return self.running[place].key
        place -= len(self.running)
        if place < first:
            return queue[0]
        place -= first
        if place < len(self.bad):
            return self.bad[place].key
        return queue[place - len(self.bad) + first]


def queue_of(snapshot: Snapshot) -> QueueList:
    """Return the lines of a snapshot, made once and kept with it, as its cached properties are."""
    kept = vars(snapshot)
    found: QueueList | None = kept.get("_queue_list")
    if found is None:
        ended = sum(snapshot.counts[status] for status in _DONE)
        found = kept["_queue_list"] = QueueList(
            snapshot.replicates, snapshot.queue, ended, snapshot.spec.trainable
        )
    return found


def queue_rows(
    update: Update,
    metric: str,
    width: int,
    height: int,
    cursor: int | None = None,
    chosen: frozenset[JobKey] = frozenset(),
) -> list[Row]:
    """Return exactly ``height`` rows: the page with the line under ``cursor`` (None: the pane has no focus)."""
    lines = queue_of(update.snapshot)
    if not len(lines):
        return [_nothing(update, width), *([padded((), width)] * (height - 1))]
    at = min(cursor or 0, len(lines) - 1)
    places = jobs_shown(cursor, len(lines), height)
    drawing = _Drawing(update, metric, width)
    rows = [
        drawing.row(lines[place], cursor is not None and place == at, lines[place] in chosen) for place in places
    ]
    waiting = lines.waiting - places.stop
    if waiting > 0:
        rows[-1] = sides(rows[-1], (run(f" +{waiting:,} more ", DIM),), width)
    return [*rows, *([padded((), width)] * (height - len(rows)))]


def jobs_shown(cursor: int | None, count: int, height: int) -> range:
    """Return which lines (0-based) of ``count`` stand in the pane: the cursor's page, which stands still."""
    room = max(height, 1)
    first = min(cursor or 0, max(count - 1, 0)) // room * room
    return range(first, min(first + room, count))


def shifted(queue: Sequence[JobKey], moved: Collection[JobKey], step: int) -> list[JobKey]:
    """Return the front of the queue as it is once each of ``moved`` has gone up (-1) or down (1) by one place."""
    order = list(queue)
    places = [place for place, key in enumerate(order) if key in moved]
    last = -1
    for place in places if step < 0 else reversed(places):
        other = place + step
        if 0 <= other < len(order) and order[other] not in moved:
            order[place], order[other] = order[other], order[place]
            last = max(last, place, other)
    return order[: last + 1]


class _Drawing:
    """Draws single lines of one update at one width."""

    def __init__(self, update: Update, metric: str, width: int) -> None:
        self.snapshot, self.metric, self.width = update.snapshot, metric, width
        self.live = {(job.trial, job.replicate): job for job in update.status.running} if update.status else {}
        # In a narrow pane long values are cut shorter, so that every value can be seen.
        self.longest = 13 if width >= 100 else 8
        factors = self.snapshot.spec.grid.hyperparameters
        wanted = sum(
            max((min(len(format_value(value)), self.longest) for value in factor.values), default=0) + 3
            for factor in factors
        )
        self.name = min(wanted + 2, max(width // 3, 30))

    def row(self, key: JobKey, here: bool, chosen: bool) -> Row:
        entry = self.snapshot.replicate(key)
        mark = ">" if here else "+" if chosen else " "
        ink = STRONG if here or chosen else DIM if entry.status == "waiting" else 0
        label = (
            run(mark, ACCENT),
            run(f"{key.trial:>4} ", DIM),
            run(fit(job_name(self.snapshot, key, self.longest), self.name), ink),
        )
        if entry.status == "running":
            return self._running(label, entry, self.live.get((key.trial, key.replicate)))
        if entry.status == "waiting":
            first = bool(self.snapshot.queue) and self.snapshot.queue[0] == key
            return padded((*label, run("  next" if first else "  waiting", DIM)), self.width)
        if entry.status == "complete":
            return self._complete(label, entry)
        reason = clean(entry.reason) or entry.kind
        status = run(f"  {entry.status}", _STATUS_INK[entry.status])
        return padded((*label, status, run(f"  {reason}", DIM)), self.width)

    def _complete(self, label: Row, entry: Replicate) -> Row:
        value = entry.metric(self.metric)
        word = "imported" if not self.snapshot.spec.trainable else "re-used" if entry.origin else "complete"
        last, asked = entry.last, self.snapshot.spec.epochs_of(entry.key.trial)
        if word == "complete" and entry.reason and last is not None and last.number < asked:
            word = f"stopped early {last.number}/{asked}"
        score = f"{fit(self.metric, min(len(self.metric), 14))} {metric_text(value):>6}"
        took = f"  {format_seconds(entry.seconds):>5}" if entry.seconds else ""
        return sides((*label, run(f"  {word}", DIM)), (run(f"{score}{took} ", DIM),), self.width)

    def _running(self, label: Row, entry: Replicate, job: RunningJob | None) -> Row:
        if job is None or job.phase in ("start", "prepare"):
            word = "preparing the data" if job is not None and job.phase == "prepare" else "starting"
            return padded((*label, run(f"  {word}…", DIM)), self.width)
        trained = self.metric.removeprefix("val_")
        name = self.metric if self.metric in job.metrics else trained
        value = job.metrics.get(name, entry.metric(self.metric))
        epoch: Row = (run(f"  epoch {job.epoch:>{len(str(job.epochs))}}/{job.epochs}  "),)
        step = f"batch {job.batch:>{len(str(job.batches))}}/{job.batches}" if job.batches else ""
        step = ("validating" if job.phase == "validate" else step).ljust(12 if self.width >= 100 else 10)
        left = f"{format_seconds(job.eta)} left" if job.eta is not None else ""
        rest: list[Row] = [
            (run(f"  {step}", DIM),),
            (run(f"  {fit(name, min(len(name), 14))} {metric_text(value):>6}"),),
            (run(f"  {left:>10} "),),
        ]
        fixed = row_width(label) + row_width(epoch)
        while rest and self.width - fixed - sum(map(row_width, rest)) < 8:
            rest.pop(0)
        room = self.width - fixed - sum(map(row_width, rest))
        progress = bar(job.done, max(min(room, 40), 0))
        return padded((*label, *epoch, *progress, *(piece for part in rest for piece in part)), self.width)


def _nothing(update: Update, width: int) -> Row:
    trainable = update.snapshot.spec.trainable
    text = "The queue is empty." if trainable else "Nothing was imported; there is nothing to train on."
    return padded((run(f"  {text}", DIM),), width)
