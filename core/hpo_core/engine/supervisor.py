"""The workers, as the engine sees them: who is free, who is at what, who has died, who hangs.

A worker that dies is replaced. One that dies again and again before it was ready is given up, so that a broken
installation ends in a sentence instead of an endless loop. A training that makes no progress for a limit that
adapts to the longest epoch seen is ended: it is asked, then comes SIGTERM, then SIGKILL. One that computes makes
progress, however long its epoch: a worker's CPU time is a sign of life, for a day at most. Time in which this
process itself did not run (suspended by a scheduler, a container, a laptop's lid) is nobody's hang.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from hpo_core.engine.clock import Clock
from hpo_core.engine.failures import last_words
from hpo_core.engine.job_queue import Network
from hpo_core.executors.executor import Executor, Report, WorkerDied
from hpo_core.journal.events import (
    DataPrepared,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    Probe,
    ProbeEnded,
    Progress,
    WorkerReady,
)
from hpo_core.plan.grid import JobKey
from hpo_core.text import clean, plural

REMEMBERED_NETWORKS = 12
"""A worker keeps so many compiled networks at least; those it compiled before are gone."""


class Limits(Struct, frozen=True):
    """How patient the supervisor is; seconds, and a count of starts that fail one after the other."""

    no_progress: float = 120.0
    longest_epochs: float = 20.0
    first_progress: float = 1800.0
    probe: float = 300.0
    start: float = 600.0
    stop: float = 60.0
    computing: float = 24 * 3600.0
    """A training that computes and reports nothing is left alone for so long."""
    look: float = 10.0
    share: float = 0.05
    """Every ``look`` seconds a silent worker is looked at; one that used this share of a core computes."""
    failed_starts: int = 3
    gap: float = 15.0
    """The engine looks every second; where it did not for so long, it was not running itself."""


class Task(Struct):
    """A job in a worker's hands, or a probe of one (``probes``).

    ``started`` is on the wall's clock, the other times on the steady one.
    """

    job: Job
    started: float
    began: float
    last_sign: float
    looked: float = 0.0
    computed: float = 0.0
    """When its worker's CPU time was looked at last, and when it was last seen to grow."""
    cpu: float = 0.0
    progress: Progress | None = None
    first_batch: tuple[float, float] | None = None
    """When the first batches were reported as done, and which share of the training they were."""
    epochs: int = 0
    training: bool = False
    probes: bool = False
    stopped_by: str = ""
    pruned: str = ""
    """Why the plan stops it, where it does."""
    stop_asked: float = 0.0
    hung: str = ""

    @property
    def key(self) -> JobKey:
        """Which job this is."""
        return JobKey(self.job.trial, self.job.replicate)


class Slot(Struct):
    """One worker. ``compiled`` holds the networks that it has compiled, the last one last.

    ``data`` is the fingerprint of the images that it trains on.
    """

    number: int
    since: float
    ready: bool = False
    task: Task | None = None
    leaving: bool = False
    compiled: dict[Network, None] = field(default_factory=dict)
    data: str = ""

    def remember(self, network: Network) -> None:
        """Take note that the worker compiles a network, or has it compiled."""
        self.compiled.pop(network, None)
        self.compiled[network] = None
        if len(self.compiled) > REMEMBERED_NETWORKS:
            del self.compiled[next(iter(self.compiled))]


class Supervisor:
    """Starts, watches and replaces the workers of one executor."""

    def __init__(self, executor: Executor, clock: Clock, limits: Limits) -> None:
        self._executor = executor
        self._clock = clock
        self._limits = limits
        self._longest_epoch = 0.0
        self._failed_starts = 0
        self._closed = True
        self._looked = clock.steady()
        self.slots: dict[int, Slot] = {}
        self.given_up = ""
        """Why no further worker is started; empty while all is well."""

    # Workers -------------------------------------------------------------------------------------------------

    def grow(self, count: int) -> None:
        """Start what is missing of the workers 1 to ``count``, unless starting has been given up."""
        for number in range(1, count + 1):
            if number in self.slots:
                self.slots[number].leaving = False
            elif not self.given_up:
                self._start(number)

    def shrink(self, count: int) -> None:
        """Let the workers past ``count`` leave, each after its job."""
        for number in [number for number in self.slots if number > count]:
            self.slots[number].leaving = True
            self._let_go(self.slots[number])

    def try_again(self) -> None:
        """Forget that starts have failed."""
        self.given_up, self._failed_starts = "", 0

    @property
    def ready(self) -> int:
        """How many workers are there."""
        return sum(slot.ready for slot in self.slots.values())

    def idle(self) -> list[Slot]:
        """The workers that wait for a job, lowest number first."""
        free = (slot for slot in self.slots.values() if slot.ready and slot.task is None and not slot.leaving)
        return sorted(free, key=lambda slot: slot.number)

    def tasks(self) -> Iterator[tuple[Slot, Task]]:
        """The jobs and probes under way, with their workers."""
        return ((slot, slot.task) for slot in self.slots.values() if slot.task is not None)

    def task_of(self, key: JobKey) -> tuple[Slot, Task] | None:
        """The job's worker and task where it is under way."""
        return next(((slot, task) for slot, task in self.tasks() if task.key == key), None)

    def hand_over(self, slot: Slot, job: Job, network: Network) -> None:
        """Give an idle worker its next job."""
        slot.remember(network)
        slot.task = self._task(job)
        self._executor.submit(slot.number, job)

    def probe(self, slot: Slot, probe: Probe, network: Network) -> bool:
        """Give an idle worker a probe; False where these workers cannot be probed."""
        if not self._executor.probe(slot.number, probe):
            return False
        if probe.steps:
            slot.remember(network)
        slot.task = self._task(probe.job, probes=True)
        return True

    def _task(self, job: Job, probes: bool = False) -> Task:
        now = self._clock.steady()
        return Task(job, self._clock.wall(), now, now, probes=probes)

    def stop(self, slot: Slot, by: str, after_epoch: bool = False) -> None:
        """Ask a worker to stop its training; ``by`` says on whose account."""
        if slot.task is not None:
            slot.task.stopped_by = slot.task.stopped_by or by
            if not after_epoch:
                slot.task.stop_asked = slot.task.stop_asked or self._clock.steady()
            self._executor.stop_training(slot.number, after_epoch)

    # Reports -------------------------------------------------------------------------------------------------

    def poll(self, timeout: float) -> Iterator[tuple[Slot, Task | None, Report]]:
        """Yield what was reported, with the worker and the job that it had; the books are then up to date."""
        for report in self._executor.poll(timeout):
            slot = self.slots.get(report[0])
            if slot is not None:
                task = slot.task
                self._note(slot, report)
                yield slot, task, report

    def end_hangs(self) -> float:
        """End the workers that do not move; their ends are reported, ``Task.hung`` saying why.

        To be called about every second. Returns the seconds in which this process did not run itself, 0 as a rule:
        they are forgiven, since the workers may have been suspended with it.
        """
        now = self._clock.steady()
        gap, self._looked = now - self._looked, now
        if gap > self._limits.gap:
            self._forgive(gap)
            return gap
        for slot in self.slots.values():
            task = slot.task
            if task is not None:
                self._end_hang(slot, task, now)
            elif not slot.ready and now - slot.since > self._limits.start:
                slot.since = now
                self._executor.end_hang(slot.number)
        return 0.0

    def memory(self) -> int:
        """Resident bytes of all workers."""
        return self._executor.memory()

    @property
    def device(self) -> str:
        """What the workers are meant to compute on."""
        return self._executor.device

    def seconds_of(self, task: Task) -> float:
        """How long a job has been in its worker's hands."""
        return self._clock.steady() - task.began

    def close(self) -> None:
        """End every worker; more can be started afterwards."""
        if not self._closed:
            self._executor.close()
            self.slots.clear()
            self._closed = True

    # ---------------------------------------------------------------------------------------------------------

    def _end_hang(self, slot: Slot, task: Task, now: float) -> None:
        limit = self._patience(task)
        if task.hung:
            return
        self._look_for_work(slot, task, now)
        if now - max(task.last_sign, task.computed) > limit:
            task.hung = f"no progress for {_minutes(limit)}"
        elif now - task.last_sign > self._limits.computing:
            task.hung = f"no epoch for {_minutes(self._limits.computing)}, although it computed"
        elif task.stop_asked and now - task.stop_asked > self._limits.stop:
            task.hung = f"did not stop for {_minutes(self._limits.stop)}"
        if task.hung:
            self._executor.end_hang(slot.number)

    def _look_for_work(self, slot: Slot, task: Task, now: float) -> None:
        """Take the CPU time of a worker that has been silent for a while as a sign of its life."""
        before = max(task.looked, task.last_sign)
        if now - before < self._limits.look:
            return
        used = self._executor.cpu_seconds(slot.number)
        if task.looked > task.last_sign and used - task.cpu > self._limits.share * (now - task.looked):
            task.computed = now
        task.looked, task.cpu = now, used

    def _forgive(self, seconds: float) -> None:
        for slot in self.slots.values():
            slot.since += seconds
            if slot.task is not None:
                slot.task.last_sign += seconds
                slot.task.computed += seconds
                slot.task.stop_asked += seconds if slot.task.stop_asked else 0.0

    def _patience(self, task: Task) -> float:
        if task.probes and task.training:
            return self._limits.probe
        adapted = max(self._limits.no_progress, self._limits.longest_epochs * self._longest_epoch)
        return adapted if task.training and self._longest_epoch else max(adapted, self._limits.first_progress)

    def _start(self, number: int) -> None:
        self._closed = False
        try:
            self._executor.start_worker(number)
        except OSError as error:
            self._start_failed(f"a worker process cannot be started: {error.strerror}")
            return
        self.slots[number] = Slot(number, self._clock.steady())

    def _start_failed(self, why: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= self._limits.failed_starts:
            self.given_up = f"{plural(self._failed_starts, 'worker')} could not start; the last one: {why}"

    def _let_go(self, slot: Slot) -> None:
        if slot.task is None:
            self._executor.retire(slot.number)
            del self.slots[slot.number]

    def _note(self, slot: Slot, report: Report) -> None:
        event = report[1]
        match event:
            case WorkerReady():
                slot.ready, slot.compiled, slot.data = True, {}, ""
                self._failed_starts = 0
            case WorkerDied():
                self._bury(slot, event)
                return
            case JobEnded() | ProbeEnded():
                slot.task = None
                if slot.leaving:
                    self._let_go(slot)
            case JobStarted() | EpochEnded() | Progress() | DataPrepared():
                self._sign_of_life(slot, event)

    def _sign_of_life(self, slot: Slot, event: JobStarted | EpochEnded | Progress | DataPrepared) -> None:
        task = slot.task
        if isinstance(event, DataPrepared):
            slot.data = event.fingerprint
        if task is None:
            return
        if isinstance(event, Progress):
            if event == task.progress:
                return
            task.progress = event
            told = event.phase == "train" and event.batch > 0 and event.batches > 0 and event.epochs > 0
            if task.first_batch is None and told:
                share = (event.epoch - 1 + event.batch / event.batches) / event.epochs
                task.first_batch = (self._clock.steady(), share)
        elif isinstance(event, EpochEnded):
            task.epochs = event.epoch
            self._longest_epoch = max(self._longest_epoch, event.seconds)
        elif isinstance(event, JobStarted):
            task.training = True
        task.last_sign = self._clock.steady()

    def _bury(self, slot: Slot, death: WorkerDied) -> None:
        del self.slots[slot.number]
        if not slot.ready:
            words = last_words(death)
            self._start_failed(words or clean(f"exit status {death.returncode}, no word in {death.log}"))


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
