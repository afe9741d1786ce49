"""How long things will take, from the speeds measured so far: seconds for an epoch of each network, else the mean.

The number of images is the same for every training of a session, so an epoch's seconds stand for an epoch-image's.
Recent measurements count more. A worker's first epoch with a network holds the compiling as well and is kept
apart, or a session's first minutes would look like hours. Until another epoch has ended, progress in one speaks.
Trainings that stop early have the share of their epochs that others had so far; where the spec names no epochs,
they have as many as others had.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable
from itertools import islice

from hpo_core.engine.supervisor import Task
from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.status import RunningJob

WEIGHT = 0.3
"""The share of the newest measurement in a running mean."""

SAMPLE = 500
"""Of a longer queue so many jobs at most, evenly spread, stand for all, until one in so many has left or come."""

Kind = tuple[Hashable, int]
"""What a training's seconds depend on: its network and the size of its steps, and how many epochs are asked."""


class Mean:
    """A running mean that forgets."""

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, measured: float) -> None:
        """Take one more measurement in."""
        self.value = measured if self.value is None else (1 - WEIGHT) * self.value + WEIGHT * measured


class Estimator:
    """Learns from the journal's records (also those of earlier engines), and answers in seconds.

    ``spec`` gives the session's as it is now, for a plan may add trials; ``network`` tells which trials share a
    compiled network.
    """

    def __init__(self, spec: Callable[[], SessionSpec], network: Callable[[int], Hashable]) -> None:
        self._spec = spec
        self._network = network
        self._epoch: dict[Hashable, Mean] = {}
        self._any_epoch = Mean()
        self._first_epoch = Mean()
        self._overhead = Mean()
        self._share = Mean()
        self._epochs = Mean()
        self._compiled: set[tuple[int, Hashable]] = set()
        self._compiling: set[tuple[int, int]] = set()
        self._spent: dict[tuple[int, int], float] = {}
        self._seen: dict[tuple[int, int], int] = {}
        self._ends: deque[float] = deque(maxlen=21)
        self._kinds: dict[int, Kind] = {}
        self._same_kind: dict[Kind, Kind] = {}
        self._sampled = 0
        self._sample: Counter[Kind] = Counter()

    def observe(self, record: Envelope) -> None:
        """Learn from one record."""
        match record.event:
            case EpochEnded() as event:  # most of a journal
                self._epoch_ended((event.trial, event.replicate), event.seconds)
            case AttemptStarted() as event:
                self._start((event.trial, event.replicate), event.worker)
            case AttemptEnded() as event:
                key = (event.trial, event.replicate)
                spent, seen = self._spent.pop(key, 0.0), self._seen.pop(key, 0)
                if event.status == "complete":
                    self._overhead.add(max(event.seconds - spent, 0.0))
                if event.status == "complete" and seen:
                    asked = self._kind(event.trial)[1]
                    self._share.add(min(seen / asked, 1.0) if asked else 1.0)
                    self._epochs.add(seen)
                self._ends.append(record.time)

    def begin(self, time: float) -> None:
        """A new engine starts: its workers have compiled nothing, and the speed is measured from ``time`` on."""
        self._compiled.clear()
        self._ends.clear()
        self._ends.append(time)

    def speed(self, now: float) -> float | None:
        """Trainings a minute, over the last twenty."""
        if len(self._ends) < 2 or now <= self._ends[0]:
            return None
        return 60 * (len(self._ends) - 1) / (now - self._ends[0])

    def training(self, trial: int) -> float | None:
        """Seconds for a whole training of ``trial``; None before anything was measured."""
        return self._seconds(self._kind(trial))

    def _seconds(self, kind: Kind) -> float | None:
        speed_key, asked = kind
        own = self._epoch.get(speed_key)
        known = (own.value if own else None, self._any_epoch.value, self._first_epoch.value)
        epoch = next((seconds for seconds in known if seconds is not None), None)
        if epoch is None:
            return None
        epochs = asked * (self._share.value or 1.0) if asked else self._epochs.value or 1.0
        return epochs * epoch + (self._overhead.value or 0.0)

    def rest(self, task: Task, shown: RunningJob) -> float | None:
        """Seconds that a training under way still takes, as it is ``shown``."""
        if task.training and task.first_batch is not None and self._any_epoch.value is None:
            since, share = task.first_batch
            return (
                (task.last_sign - since) * (1 - shown.done) / (shown.done - share) if shown.done > share else None
            )
        total = self.training(task.job.trial)
        return None if total is None else max(total * (1 - shown.done), 0.0)

    def queue(self, waiting: Collection[JobKey], rests: Iterable[float | None], workers: int) -> float | None:
        """Seconds until the waiting and the running trainings are all done; None before anything was measured."""
        known = [rest for rest in rests if rest is not None]
        mean: float | None = 0.0
        if waiting and (mean := self._mean(waiting)) is None:
            mean = max(
                known, default=None
            )  # nothing has ended yet: a whole training is at least what is left of one
        if mean is None:
            return None
        work = mean * len(waiting) + sum(known)
        return max([work / max(workers, 1), *known])

    def _mean(self, waiting: Collection[JobKey]) -> float | None:
        """Seconds for a training of those that wait."""
        many = len(waiting)
        if many <= SAMPLE or abs(many - self._sampled) * SAMPLE > many:
            step = -(-many // SAMPLE)
            self._sample = Counter(self._kind(key.trial) for key in islice(waiting, 0, None, step))
            self._sampled = many
        found = [
            (seconds, count)
            for kind, count in self._sample.items()
            if (seconds := self._seconds(kind)) is not None
        ]
        return (
            sum(seconds * count for seconds, count in found) / sum(count for _, count in found) if found else None
        )

    # ---------------------------------------------------------------------------------------------------------

    def _start(self, key: tuple[int, int], worker: int) -> None:
        self._spent[key], self._seen[key] = 0.0, 0
        network = (worker, self._network(key[0]))
        if network not in self._compiled:
            self._compiled.add(network)
            self._compiling.add(key)

    def _epoch_ended(self, key: tuple[int, int], seconds: float) -> None:
        self._spent[key] = self._spent.get(key, 0.0) + seconds
        self._seen[key] = self._seen.get(key, 0) + 1
        if key in self._compiling:
            self._compiling.discard(key)
            self._first_epoch.add(seconds)
            return
        speed_key = self._kind(key[0])[0]
        if (mean := self._epoch.get(speed_key)) is None:
            mean = self._epoch[speed_key] = Mean()
        mean.add(seconds)
        self._any_epoch.add(seconds)

    def _kind(self, trial: int) -> Kind:
        """Return a trial's kind, one object for all of a kind."""
        if trial not in self._kinds:
            spec = self._spec()
            step = self._network(trial), spec.values_of(trial).get("batch_size")
            kind = step, spec.epochs_of(trial)
            self._kinds[trial] = self._same_kind.setdefault(kind, kind)
        return self._kinds[trial]
