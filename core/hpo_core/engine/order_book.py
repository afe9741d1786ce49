"""What each order makes the engine do to its queue and its workers; the end of the session is the engine's own."""

from __future__ import annotations

from hpo_core.engine.dispatch import BY_USER, Dispatcher
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Supervisor
from hpo_core.journal.events import (
    AdviseValues,
    AttemptEnded,
    JobsMoved,
    JobsQueued,
    MoveJobs,
    Order,
    PauseQueue,
    QueueJobs,
    QueueResumed,
    ResumeQueue,
    SetWorkers,
    StopJob,
    ValuesAdvised,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.plans import PLANS

MOST_WORKERS = 256


class OrderBook:
    """Obeys orders. One that makes no sense is answered by a note in the journal."""

    def __init__(self, recorder: Recorder, supervisor: Supervisor, dispatcher: Dispatcher) -> None:
        self._recorder = recorder
        self._state = recorder.state
        self._supervisor = supervisor
        self._dispatcher = dispatcher

    def obey(self, order: Order) -> None:
        """Do what ``order`` says."""
        match order:
            case PauseQueue():
                self._recorder.pause("paused by the user")
            case ResumeQueue():
                self._dispatcher.resume()
                if self._state.paused is not None:
                    self._recorder.record(QueueResumed())
            case StopJob():
                self._stop_job(JobKey(order.trial, order.replicate), order.after_epoch)
            case QueueJobs():
                self._queue_jobs(order)
            case MoveJobs():
                waiting = self._state.waiting()
                jobs = tuple(job for job in order.jobs if JobKey(*job) in waiting)
                if jobs:
                    self._recorder.record(JobsMoved(jobs=jobs, to=order.to))
            case AdviseValues():
                self._advise(order)
            case SetWorkers():
                self._set_workers(order.count)

    def _stop_job(self, key: JobKey, after_epoch: bool) -> None:
        under_way = self._supervisor.task_of(key)
        if under_way is not None:
            self._supervisor.stop(under_way[0], BY_USER, after_epoch)
        elif key in self._state.waiting():
            self._recorder.record(
                AttemptEnded(
                    trial=key.trial,
                    replicate=key.replicate,
                    attempt=self._state.attempt_of(key),
                    status="stopped",
                    kind="stopped",
                    reason="taken out of the queue by the user",
                )
            )

    def _queue_jobs(self, order: QueueJobs) -> None:
        """Queue what exists and does not wait or run already; new replicates must follow on those there are."""
        counts: dict[int, int] = {}
        jobs: dict[tuple[int, int], None] = {}
        for trial, replicate in order.jobs:
            key = JobKey(trial, replicate)
            count = counts.setdefault(trial, self._state.replicate_count(trial))
            if not 1 <= replicate <= count + 1 or not self._state.possible(key):
                self._recorder.note(
                    "warning",
                    f"{key} cannot be queued: there is no such trial, or one before it, or it is one too many.",
                )
            elif key not in self._state.waiting() and self._state.status_of(key) != "running":
                counts[trial] = max(count, replicate)
                jobs[trial, replicate] = None
        if jobs:
            self._recorder.record(JobsQueued(jobs=tuple(jobs), reason=order.reason), durable=True)

    def _advise(self, order: AdviseValues) -> None:
        """Limit what the plan proposes; what names no hyperparameter of the session is left out."""
        names = self._state.spec.grid.names
        values = {name: left for name, left in order.values.items() if name in names and left}
        if values != self._state.advised and PLANS[self._state.spec.search.plan].module:
            self._recorder.record(ValuesAdvised(values=values), durable=True)

    def _set_workers(self, count: int) -> None:
        if not 1 <= count <= MOST_WORKERS:
            self._recorder.note("warning", f"{count} workers are not possible; 1 to {MOST_WORKERS} are.")
            return
        self._dispatcher.workers = count
        self._supervisor.shrink(count)
