"""Has a session's probes trained before its first trainings, and records what they say.

One worker is asked, while the others train already. Whatever goes wrong with a probe is recorded as that it cannot
be told, and the session goes on; an engine that ends in the midst records nothing, and the next one asks anew.

Measured on 24 trainings of the paper's network (3 hyperparameters, 1,200 images of 100×100, 3 epochs) on two CPU
cores, AMD EPYC: 5 probes of 4 steps, 1.5 % of all steps. They took 5.7 s of one worker's CPU time, 3.4 s of it for
programs that its trainings then found compiled: 2.3 s more for a session of 170 s.
"""

from __future__ import annotations

from hpo_core.engine.dispatch import Dispatcher
from hpo_core.engine.job_queue import network_of
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.events import Job, Probe, ProbeEnded, WiringProbed, WorkerEvent
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.probes import SHARE, Answer, Finding, Probing, Question, probing
from hpo_core.plan.seeds import replicate_seed
from hpo_core.session.paths import SessionFolder
from hpo_core.session.state import SessionState

PROBING = "Probing: a few steps show if each hyperparameter reaches the training."


class Prober:
    """Asks for probes once in the life of a session."""

    def __init__(
        self, folder: SessionFolder, recorder: Recorder, supervisor: Supervisor, dispatcher: Dispatcher
    ) -> None:
        self._log = str(folder.probes_log.absolute())
        self._recorder = recorder
        self._state = recorder.state
        self._supervisor = supervisor
        self._dispatcher = dispatcher
        self._data = recorder.state.spec.material
        self._done = recorder.state.probed
        self._probing: Probing | None = None
        self._question: Question | None = None
        """What is to be asked next; None while it is asked."""
        self._worker = self._probes = self._steps = 0
        self._seconds = 0.0

    @property
    def message(self) -> str:
        """What the status says while probes are under way; empty while there are none."""
        slot = self._supervisor.slots.get(self._worker)
        if self._probing is None or slot is None or slot.task is None or not slot.task.probes:
            return ""
        progress = slot.task.progress
        if progress is not None and progress.phase == "prepare":
            return f"Preparing the data, {progress.batch:,} of {progress.batches:,}."
        return PROBING

    def ask(self) -> None:
        """Hand the next probe to the worker that has answered the last one; to begin with, to an idle one."""
        if self._done or self._dispatcher.held or self._state.next_waiting() is None:
            return
        idle = {slot.number: slot for slot in self._supervisor.idle()}
        if idle and (self._probing is None or self._worker not in self._supervisor.slots):
            self._begin(min(idle))  # also where the worker has left: another machine may have other bits
        if self._question is not None and self._worker in idle:
            self._hand_over(idle[self._worker], self._question)

    def take(self, task: Task | None, event: WorkerEvent | WorkerDied) -> None:
        """Take what a worker said in account, where it had a probe."""
        if task is None or not task.probes or not isinstance(event, (ProbeEnded, WorkerDied)):
            return
        if task.stopped_by and not task.hung:
            self._probing = self._question = None
        elif task.hung:
            self._go_on(Answer(reason=task.hung, last=True))
        elif isinstance(event, WorkerDied):
            self._go_on(Answer(reason=self._dispatcher.cause_of(event)[1], last=True))
        else:
            if event.answer.prints:
                self._probes += 1
                self._steps += len(event.answer.prints)
                self._seconds += event.seconds
            self._go_on(event.answer)

    def _begin(self, worker: int) -> None:
        self._worker, self._probes, self._steps, self._seconds = worker, 0, 0, 0.0
        factors = [Hyperparameter(of.name, of.ends) for of in self._state.spec.grid.hyperparameters]
        self._probing = probing(factors, budget(self._state))
        self._go_on(None)

    def _go_on(self, answer: Answer | None) -> None:
        assert self._probing is not None
        try:
            self._question = next(self._probing) if answer is None else self._probing.send(answer)
        except StopIteration as end:
            self._record(end.value)

    def _record(self, findings: tuple[Finding, ...]) -> None:
        self._done, self._probing, self._question = True, None, None
        if findings:
            probed = WiringProbed(
                findings=findings, probes=self._probes, steps=self._steps, seconds=round(self._seconds, 3)
            )
            self._recorder.record(probed, durable=True)

    def _hand_over(self, slot: Slot, question: Question) -> None:
        spec = self._state.spec
        first = self._state.next_waiting()
        assert first is not None
        values = {**spec.values_of(first.trial), **question.values}
        job = Job(
            trial=0,
            replicate=0,
            attempt=0,
            seed=replicate_seed(spec.seed, 0),
            values=values,
            data=self._data,
            settings=spec.settings,
            log=self._log,
        )
        probe = Probe(job=job, steps=question.steps, epochs=question.epochs)
        if self._supervisor.probe(slot, probe, network_of(values, spec.jit)):
            self._question = None
        else:
            self._record(())


def budget(state: SessionState) -> float:
    """Return what probes may cost, in epochs: a share of those that are still to be trained, at least."""
    spec = state.spec
    jobs = len(state.waiting()) + (spec.trials_asked - len(spec.grid)) * spec.replicates
    values = spec.values_of(next(iter(state.waiting())).trial)
    lengths = {factor.name: factor.values for factor in spec.grid.hyperparameters}.get("epochs")
    return SHARE * jobs * min(int(length) for length in lengths or (values.get("epochs", 1),))
