"""Every event and order, typed; one JSON line each.

An *event* is a past fact, written to the journal by the engine. An *order* is an imperative to the engine,
written into ``control/`` by screens and commands. A *job* is the frozen work order that the engine sends to a
worker; a worker answers with the worker events below. Those that are journal events go into the journal as they
came; the others tell the engine how the job stands.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec.structs import force_setattr, replace

from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.probes import Answer, Finding
from hpo_core.plan.workloads import DEFAULT_WORKLOAD, FORMER_NAMES

SCHEMA_VERSION = 3
"""Version of the journal's and the spec's layout; a session with a higher one is opened read-only."""

AttemptStatus = Literal["complete", "diverged", "pruned", "failed", "stopped"]
"""How an attempt ended; one that is ``pruned`` was ended by the plan, or never begun."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Base of everything that is one JSON object with a ``type``."""


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine is started with; the next one on the same session repeats it.

    ``workload`` and ``executor`` are names of their tables; ``workers`` is how many, None for as many as suit: on
    GPUs, ``workers_per_gpu`` on each. ``address`` is that of a cluster, "" for one that is started here.
    """

    workload: str = DEFAULT_WORKLOAD
    executor: str = "local"
    workers: int | None = None
    workers_per_gpu: int = 1
    address: str = ""


DEFAULT_OPTIONS = EngineOptions()


# Journal events ----------------------------------------------------------------------------------------------


class EngineStarted(_Record, frozen=True, tag="EngineStarted"):
    """An engine took the session over; every later record carries its ``gen``.

    ``schema`` is the layout that it writes, ``options`` what it was started with, ``workers`` how many it began
    with, ``device`` what they compute on.
    """

    host: str
    boot_id: str
    pid: int
    version: str
    schema: int = 1
    workers: int = 1
    device: str = "cpu"
    options: EngineOptions = DEFAULT_OPTIONS
    trainer: str = ""
    """In journals from before there were ``options``, the workload's name as it was then; goes into them."""

    def __post_init__(self) -> None:
        if self.trainer:
            workload = FORMER_NAMES.get(self.trainer, self.trainer)
            force_setattr(self, "options", replace(self.options, workload=workload))
            force_setattr(self, "trainer", "")


class EngineStopped(_Record, frozen=True, tag="EngineStopped"):
    """The engine left in an orderly way; ``reason`` is "finished", "stopped" or a sentence."""

    reason: str


class PlanRecorded(_Record, frozen=True, tag="PlanRecorded"):
    """Which values the trials have that the results belong to; written once, before the first result.

    ``hyperparameters`` are those varied, with their values in order; without ``trials``, every combination of them
    is a trial, the last one varying fastest; with it, those listed are. ``fixed`` are the values of every trial.
    ``ranges`` are those that a plan draws from, as the spec writes them; their values are none here.
    ``parent`` names the session that this one was refined from, ``parent_began`` when that began, in seconds since
    1970: it may have another name now.
    """

    hyperparameters: dict[str, tuple[Value, ...]]
    fixed: dict[str, Value] = {}
    trials: tuple[tuple[Value, ...], ...] | None = None
    ranges: dict[str, dict[str, Value]] = {}
    parent: str = ""
    parent_began: float = 0.0


class TrialsAdded(_Record, frozen=True, tag="TrialsAdded"):
    """The plan goes on with these trials, each its values in the order of ``PlanRecorded``; numbered on."""

    trials: tuple[tuple[Value, ...], ...]


class ValuesAdvised(_Record, frozen=True, tag="ValuesAdvised"):
    """The plan proposes these values alone from now on: of a list those named, of a range those between two ends.

    Of a hyperparameter that is not named, all that the spec has. What was advised before holds no more.
    """

    values: dict[str, tuple[Value, ...]]


class DataPrepared(_Record, frozen=True, tag="DataPrepared"):
    """The images are decoded; counts are images, ``seconds`` the time it took (near 0 from the cache).

    A worker says so before its first ``JobStarted``, and again where the images have changed. ``said`` tells
    how the data were taken, a line each: their range, classes and folders, what was left out.
    """

    fingerprint: str
    train: int
    validation: int
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    seconds: float
    said: tuple[str, ...] = ()


class WiringProbed(_Record, frozen=True, tag="WiringProbed"):
    """Probes have looked whether each hyperparameter reaches the training; written once, and never a result.

    ``probes`` is how many were trained, ``steps`` and ``seconds`` how many all of them took.
    """

    findings: tuple[Finding, ...]
    probes: int
    steps: int
    seconds: float


class AttemptStarted(_Record, frozen=True, tag="AttemptStarted"):
    """A worker began one try at a replicate."""

    trial: int
    replicate: int
    attempt: int
    seed: int
    worker: int


class EpochEnded(_Record, frozen=True, tag="EpochEnded"):
    """An epoch's metrics, by Keras' names; null where a value is NaN or infinite. Epochs count from 1.

    ``seconds`` is the epoch's own time.
    """

    trial: int
    replicate: int
    attempt: int
    epoch: int
    metrics: dict[str, float | None]
    seconds: float = 0.0


class AttemptEnded(_Record, frozen=True, tag="AttemptEnded"):
    """An attempt is over. ``reason`` is a sentence (a complete one has it if it stopped early); ``kind`` counts.

    ``epochs`` is how many of them have ended (None in older journals): one whose record is lost is missed so.
    ``data`` is the fingerprint of the images that it was trained on.
    """

    trial: int
    replicate: int
    attempt: int
    status: AttemptStatus
    seconds: float = 0.0
    reason: str = ""
    kind: str = ""
    parameters: int | None = None
    epochs: int | None = None
    data: str = ""


class ResultAdopted(_Record, frozen=True, tag="ResultAdopted"):
    """A result that was not trained here: imported from a table, or re-used from another session.

    ``epoch_seconds`` are the times of the ``epochs``, none where they are not known; ``data`` is the fingerprint
    of the images that it was trained on.
    """

    trial: int
    replicate: int
    status: AttemptStatus
    origin: str
    epochs: tuple[dict[str, float | None], ...] = ()
    last_epoch: int = 0
    seconds: float = 0.0
    seed: int | None = None
    reason: str = ""
    parameters: int | None = None
    epoch_seconds: tuple[float, ...] = ()
    data: str = ""


class QueuePaused(_Record, frozen=True, tag="QueuePaused"):
    """No further job is started until the queue is resumed."""

    reason: str


class QueueResumed(_Record, frozen=True, tag="QueueResumed"):
    """The queue goes on."""


class JobsQueued(_Record, frozen=True, tag="JobsQueued"):
    """These (trial, replicate) pairs wait to be trained (again); new replicates come into being this way."""

    jobs: tuple[tuple[int, int], ...]
    reason: str = ""


class JobsMoved(_Record, frozen=True, tag="JobsMoved"):
    """These waiting jobs now come first or last, in the order given."""

    jobs: tuple[tuple[int, int], ...]
    to: Literal["front", "back"]


class Noted(_Record, frozen=True, tag="Noted"):
    """Something the user should know: a lock taken over, a partial record set aside, data that changed."""

    level: Literal["info", "warning", "error"]
    text: str


Event = (
    EngineStarted
    | EngineStopped
    | PlanRecorded
    | TrialsAdded
    | ValuesAdvised
    | DataPrepared
    | WiringProbed
    | AttemptStarted
    | EpochEnded
    | AttemptEnded
    | ResultAdopted
    | QueuePaused
    | QueueResumed
    | JobsQueued
    | JobsMoved
    | Noted
)


class Envelope(msgspec.Struct, frozen=True):
    """A journal record: the event, its place, and when it was written (``time`` in seconds since 1970)."""

    seq: int
    gen: int
    time: float
    event: Event


# Orders ------------------------------------------------------------------------------------------------------


class PauseQueue(_Record, frozen=True, tag="PauseQueue"):
    """Start no further job; the running ones go on to their end."""


class ResumeQueue(_Record, frozen=True, tag="ResumeQueue"):
    """Go on with the queue."""


class StopSession(_Record, frozen=True, tag="StopSession"):
    """End the engine: ``now`` stops the running trainings between chunks, else after they have ended."""

    now: bool = True


class StopJob(_Record, frozen=True, tag="StopJob"):
    """Stop one running training (``after_epoch``: at its epoch's end), or take a waiting one out of the queue."""

    trial: int
    replicate: int
    after_epoch: bool = False


class QueueJobs(_Record, frozen=True, tag="QueueJobs"):
    """Put these (trial, replicate) pairs (again) into the queue."""

    jobs: tuple[tuple[int, int], ...]
    reason: str = ""


class MoveJobs(_Record, frozen=True, tag="MoveJobs"):
    """Move these waiting jobs to the front or the back of the queue."""

    jobs: tuple[tuple[int, int], ...]
    to: Literal["front", "back"]


class AdviseValues(_Record, frozen=True, tag="AdviseValues"):
    """Propose these values alone from now on; see ``ValuesAdvised``. Of the full grid it means nothing."""

    values: dict[str, tuple[Value, ...]]


class SetWorkers(_Record, frozen=True, tag="SetWorkers"):
    """Use so many workers from now on."""

    count: int


Order = PauseQueue | ResumeQueue | StopSession | StopJob | QueueJobs | MoveJobs | AdviseValues | SetWorkers


# Between engine and worker -----------------------------------------------------------------------------------


class Keep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """To a worker: keep the weights of the training's best epoch, by ``metric``, as the Keras model ``path``.

    Only where its last epoch's metric is at least as good as ``least``; None is whatever it is.
    """

    path: str
    metric: str
    direction: Literal["max", "min"]
    least: float | None = None


class Job(_Record, frozen=True, tag="Job"):
    """The frozen work order for one replicate: everything a worker needs to train it."""

    trial: int
    replicate: int
    attempt: int
    seed: int
    values: dict[str, Value]
    """Every hyperparameter of the training, defaults filled in."""
    data: dict[str, Any]
    """The spec's ``[data]`` table with an absolute ``path``."""
    settings: dict[str, Any]
    """The training settings of the spec's ``[session]`` table: precision, jit."""
    log: str
    """Where this attempt's stdout and stderr go."""
    keep: Keep | None = None
    """What is kept of the trained model; None is nothing."""

    @property
    def epochs(self) -> int:
        """How many epochs the training has; 1 where no hyperparameter says so."""
        return int(self.values.get("epochs", 1))


class Probe(_Record, frozen=True, tag="Probe"):
    """To a worker: train ``steps`` of ``job`` and tell the bits after each, if they cost ``epochs`` at most.

    The steps fall into two halves, with what happens at an epoch's end between them. 0 steps ask how many an epoch
    has. The job is no trial's: its numbers are all 0.
    """

    job: Job
    steps: int
    epochs: float

    @property
    def log(self) -> str:
        """Where this probe's stdout and stderr go."""
        return self.job.log


class StopTraining(_Record, frozen=True, tag="StopTraining"):
    """To a worker: stop the training under way between two chunks, or at the end of its epoch."""

    after_epoch: bool = False


class Quit(_Record, frozen=True, tag="Quit"):
    """To a worker: leave after the training under way, if any."""


WorkerOrder = Job | Probe | StopTraining | Quit


class WorkerReady(_Record, frozen=True, tag="WorkerReady"):
    """The worker has imported what it needs and waits for a job."""

    pid: int
    device: str


class JobStarted(_Record, frozen=True, tag="JobStarted"):
    """The worker has begun the job (data loaded, model built)."""

    trial: int
    replicate: int
    attempt: int


class Progress(_Record, frozen=True, tag="Progress"):
    """Where the training is: ``batch`` of ``batches`` (0: not known) in ``epoch`` of ``epochs``, with the metrics.

    ``phase`` is "train" or "validate". Sent a few times a second, never kept.
    """

    trial: int
    replicate: int
    epoch: int
    epochs: int
    batch: int
    batches: int
    phase: Literal["prepare", "train", "validate"] = "train"
    metrics: dict[str, float] = {}


class JobEnded(_Record, frozen=True, tag="JobEnded"):
    """The job is over; the worker waits for the next one.

    ``memory`` is the worker's resident bytes. ``program`` names the compiled program where others may share it.
    """

    trial: int
    replicate: int
    attempt: int
    status: AttemptStatus
    seconds: float
    reason: str = ""
    kind: str = ""
    parameters: int | None = None
    memory: int = 0
    program: str = ""


class ProbeEnded(_Record, frozen=True, tag="ProbeEnded"):
    """A probe is over; the worker waits for the next order."""

    answer: Answer
    seconds: float


WorkerEvent = WorkerReady | DataPrepared | Noted | JobStarted | Progress | EpochEnded | JobEnded | ProbeEnded
