"""Between the queue and the workers: hands out jobs, and records what the workers report of them."""

from __future__ import annotations

from collections import Counter

from hpo_core.engine.best_models import BestModels
from hpo_core.engine.failures import MemoryKills, Repetition, describe_death
from hpo_core.engine.job_queue import JobQueue
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    AttemptStatus,
    DataPrepared,
    EpochEnded,
    Job,
    JobEnded,
    JobsQueued,
    Noted,
    ProbeEnded,
    WorkerEvent,
    WorkerReady,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.probes import Answer
from hpo_core.session.paths import SessionFolder
from hpo_core.text import plural

BY_USER, BY_SESSION, BY_PLAN = "user", "session", "plan"
"""On whose account a training is stopped: the user's, because the engine ends (it starts again), or as pruned."""


MOST_LOSSES = 3
"""A training with which so many workers were lost is taken for the cause."""

OUT_OF_MEMORY = "out of memory"
"""The kind of failure of a training for which a GPU, or the memory, was too small."""


class Dispatcher:
    """Keeps ``workers`` workers busy."""

    def __init__(
        self, folder: SessionFolder, recorder: Recorder, supervisor: Supervisor, queue: JobQueue, workers: int
    ) -> None:
        self.workers = workers
        self._folder = folder
        self._recorder = recorder
        self._state = recorder.state
        self._noted: set[Noted] = set()
        self._supervisor = supervisor
        self._queue = queue
        self._data = recorder.state.spec.material
        self._repetition = Repetition()
        self._memory_kills = MemoryKills()
        self._fingerprint = ""
        self._had_gpu = False
        self._models = BestModels(folder, recorder.state)
        self._told_given_up = False
        self._tried_with_fewer: set[JobKey] = set()
        self._losses: Counter[JobKey] = Counter()

        recorder.watch(self._models.observe)

    def settle(self) -> None:
        """All is trained: keep the best trials' models, and no other."""
        self._models.settle()

    def resume(self) -> None:
        """Start to count failures anew: a person has looked at them."""
        self._repetition.reset()
        self._supervisor.try_again()
        self._told_given_up = False

    # Handing out ---------------------------------------------------------------------------------------------

    def staff(self) -> None:
        """Have as many workers as are wanted and have something to do."""
        waiting = min(len(self._state.waiting()), self.workers)
        if waiting and not self.held:
            busy = sum(1 for _ in self._supervisor.tasks())
            present = max(self._supervisor.slots, default=0)
            self._supervisor.grow(min(self.workers, max(present, busy + waiting)))
            self._mind_given_up()

    def hand_out(self) -> None:
        """Give every idle worker a job, as long as there are any."""
        for slot in self._supervisor.idle():
            self._recorder.mind_files()
            key = None if self.held else self._pick(slot)
            if key is None:
                return
            job = self._job(key)
            self._recorder.record(
                AttemptStarted(
                    trial=job.trial,
                    replicate=job.replicate,
                    attempt=job.attempt,
                    seed=job.seed,
                    worker=slot.number,
                )
            )
            self._supervisor.hand_over(slot, job, self._queue.compile_key(job.trial))

    @property
    def held(self) -> bool:
        """Whether nothing is handed out at the moment."""
        return bool(self._recorder.held) or self._state.paused is not None

    def _pick(self, slot: Slot) -> JobKey | None:
        others = (other for other in self._supervisor.slots.values() if other is not slot)
        return self._queue.pick(slot.compiled, (network for other in others for network in other.compiled))

    def _job(self, key: JobKey) -> Job:
        spec = self._state.spec
        attempt = self._state.attempt_of(key) + 1
        return Job(
            trial=key.trial,
            replicate=key.replicate,
            attempt=attempt,
            seed=self._state.seed_of(key),
            values=spec.values_of(key.trial),
            data=self._data,
            settings=spec.settings,
            log=str(self._folder.log_of(key, attempt).absolute()),
            keep=self._models.keep(key, attempt),
        )

    def _mind_given_up(self) -> None:
        """Say that starting workers was given up: with none left that is the end, with some a loss of speed."""
        given_up = self._supervisor.given_up
        if given_up and not self._supervisor.slots:
            self._recorder.pause(given_up)
        elif given_up and self._supervisor.ready and not self._told_given_up:
            present = plural(self._supervisor.ready, "worker")
            self._recorder.note("warning", f"{given_up}; the queue goes on with {present}.")
            self._told_given_up = True

    # Taking reports ------------------------------------------------------------------------------------------

    def take(self, slot: Slot, task: Task | None, event: WorkerEvent | WorkerDied) -> None:
        """Record what a worker said; ``task`` is the job that it had before."""
        if task is not None and (program := _program(event)):
            self._queue.learn(task.job.values, program)
        match event:
            case WorkerReady():
                self._mind_device(slot, event)
            case DataPrepared():
                self._data_prepared(event)
            case Noted() if event not in self._noted:  # every worker finds the same
                self._noted.add(event)
                self._recorder.record(event)
            case EpochEnded() if task is not None:
                self._recorder.record(event)
            case JobEnded() if task is not None:
                self._ended(slot, task, event)
            case WorkerDied() if task is not None and not task.probes:
                self._died(slot, task, event)

    def _mind_device(self, slot: Slot, event: WorkerReady) -> None:
        """A GPU that was there and is gone pauses the queue: a person says whether to go on without it."""
        if event.device != "cpu":
            self._had_gpu = True
        elif self._supervisor.device != "cpu":
            if self._had_gpu:
                self._had_gpu = False
                self._recorder.pause(f"worker {slot.number} finds no GPU any more, and would train on the CPU")
            else:
                no_gpu = f"Worker {slot.number} finds no GPU that it can use, and trains on the CPU."
                self._recorder.note("warning", no_gpu)

    def _data_prepared(self, event: DataPrepared) -> None:
        """Record the data once for each engine; say where they are not what they were."""
        if event.fingerprint == self._fingerprint:
            return
        before = self._fingerprint or self._state.fingerprint
        self._fingerprint = event.fingerprint
        if before and before != event.fingerprint:
            self._recorder.note(
                "warning",
                "The data have changed; results from here on are of the new ones.",
            )
        self._recorder.record(event)

    def _ended(self, slot: Slot, task: Task, event: JobEnded) -> None:
        status, kind, reason = event.status, event.kind, event.reason
        if status == "stopped" and task.stopped_by == BY_SESSION:
            return  # not over: it waits again from the moment the engine's end is recorded
        if status == "stopped" and task.stopped_by == BY_PLAN:
            status, kind, reason = "pruned", "pruned", task.pruned
        elif status == "stopped" and task.stopped_by:
            reason = "stopped by the user"
        elif status == "stopped" and task.hung:  # it heard that it hangs, and gave in
            status, kind, reason = "failed", "hang", f"{task.hung}; stopped"
        self._record_end(slot, task, status, event.seconds, kind, reason, event.parameters)
        if status == "failed" and kind == OUT_OF_MEMORY:
            self._back_off(task)

    def _lost(self, slot: Slot, task: Task, seconds: float) -> None:
        """The machine is gone: the training waits again, unless it seems to be what ends machines."""
        self._losses[task.key] += 1
        if self._losses[task.key] >= MOST_LOSSES:
            reason = f"{MOST_LOSSES} workers were lost with it"
            self._record_end(slot, task, "failed", seconds, "lost", reason)
            return
        reason = "its worker was lost with its machine"
        self._record_end(slot, task, "stopped", seconds, "lost", reason)
        self._recorder.note("warning", f"{task.key}: {reason}; it waits again.")
        self._recorder.record(
            JobsQueued(jobs=((task.key.trial, task.key.replicate),), reason="lost"), durable=True
        )

    def _back_off(self, task: Task) -> None:
        """Where workers share GPUs that are too small for all of them: one less, and the training once more."""
        if self._supervisor.device == "cpu" or self.workers < 2 or task.key in self._tried_with_fewer:
            return
        self._tried_with_fewer.add(task.key)
        self.workers -= 1
        self._supervisor.shrink(self.workers)
        left = plural(self.workers, "worker")
        self._recorder.note(
            "warning", f"{task.key} ran out of memory; it is tried once more, with {left} from now on."
        )
        self._recorder.record(JobsQueued(jobs=((task.key.trial, task.key.replicate),), reason="out of memory"))

    def _died(self, slot: Slot, task: Task, death: WorkerDied) -> None:
        seconds = self._supervisor.seconds_of(task)
        if task.stopped_by == BY_SESSION and not task.hung:
            return
        if death.lost and not task.stopped_by:
            self._lost(slot, task, seconds)
        elif task.hung and task.stopped_by == BY_PLAN:
            self._record_end(slot, task, "pruned", seconds, "pruned", task.pruned)
        elif task.hung and task.stopped_by:
            self._record_end(slot, task, "stopped", seconds, "stopped", f"{task.hung}; its worker was ended")
        elif task.hung:
            self._record_end(slot, task, "failed", seconds, "hang", f"{task.hung}; stopped")
        else:
            kind, reason = self.cause_of(death)
            self._record_end(slot, task, "failed", seconds, kind, reason)

    def cause_of(self, death: WorkerDied) -> tuple[str, str]:
        """Return the kind and the reason of a worker's death. To be asked once for each."""
        return describe_death(death.returncode, self._memory_kills.happened())

    def _record_end(
        self,
        slot: Slot,
        task: Task,
        status: AttemptStatus,
        seconds: float,
        kind: str,
        reason: str,
        parameters: int | None = None,
    ) -> None:
        self._recorder.record(
            AttemptEnded(
                trial=task.job.trial,
                replicate=task.job.replicate,
                attempt=task.job.attempt,
                status=status,
                seconds=round(seconds, 3),
                reason=reason,
                kind=kind,
                parameters=parameters,
                epochs=task.epochs,
                data=slot.data,
            ),
            durable=True,
        )
        self._count_failures(status, kind, reason)

    def _count_failures(self, status: AttemptStatus, kind: str, reason: str) -> None:
        if status != "failed":
            if status not in ("stopped", "pruned"):
                self._repetition.reset()
        elif why := self._repetition.failed(kind, reason):
            self._recorder.pause(why)
            self._repetition.reset()


def _program(event: WorkerEvent | WorkerDied) -> str:
    match event:
        case JobEnded(program=program) | ProbeEnded(answer=Answer(program=program)):
            return program
    return ""
