"""Which job next: breadth first over the replicates, and to the worker that has compiled its network already.

Compiling a network costs a worker seconds. So a worker prefers, within the replicate pass that is under way, jobs
whose network it has compiled; then networks that no other worker has; then whatever is left, so that none is idle
while jobs wait. Which values are built into the network, the table of hyperparameters says of the paper's; of a
user's own model it is learnt from what workers tell of their compiled programs.
Jobs that a person moved to the front come first, whatever anybody has compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice, takewhile

from hpo_core.journal.events import AttemptStarted, Envelope, JobsMoved
from hpo_core.plan.grid import JobKey
from hpo_core.plan.hyperparameters import Value, built_in
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState

Network = tuple[tuple[str, Value], ...]
"""The values that are built into a compiled network, with their names."""

LOOK_AHEAD = 512
"""So many of the next jobs are looked at for a compiled network."""


class JobQueue:
    """Picks from the state's waiting jobs; ``compile_key`` tells networks apart."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._urgent: dict[JobKey, None] = {}
        self._keys: dict[int, Network] = {}
        self._networks: dict[Network, Network] = {}
        self._programs: dict[str, Network] = {}
        self._arguments: set[str] = set()

    def observe(self, record: Envelope) -> None:
        """Take note of jobs that a person moved to the front."""
        event = record.event
        if isinstance(event, JobsMoved):
            moved = [JobKey(*pair) for pair in event.jobs]
            for key in moved:
                self._urgent.pop(key, None)
            if event.to == "front":
                self._urgent = dict.fromkeys([*moved, *self._urgent])
        elif isinstance(event, AttemptStarted):
            self._urgent.pop(JobKey(event.trial, event.replicate), None)

    def learn(self, values: Mapping[str, Value], program: str) -> None:
        """Take note of the compiled program of a training: what differs where it is the same is not built in.

        A hyperparameter that is built in only beside some value of another may pass for one that never is: then a
        worker is handed a network that it has to compile, as it would be without this.
        """
        network = network_of(values, self._state.spec.jit)
        known = self._programs.setdefault(program, network)
        self._arguments |= {name for name, _ in set(known) ^ set(network)}

    def compile_key(self, trial: int) -> Network:
        """Return what the compiled training of ``trial`` depends on."""
        if trial not in self._keys:
            network = compile_key(self._state.spec, trial)
            self._keys[trial] = self._networks.setdefault(network, network)  # one object for all its trials
        return self._keys[trial]

    def pick(self, compiled: Iterable[Network], elsewhere: Iterable[Network]) -> JobKey | None:
        """Return the next job for a worker that has ``compiled`` these, the others being ``elsewhere``."""
        first = self._state.next_waiting()
        if first is None or first in self._urgent:
            return first
        mine, others = set(map(self._built, compiled)), set(map(self._built, elsewhere))
        ahead = islice(self._state.waiting(), LOOK_AHEAD)
        nobodys = None
        for job in takewhile(lambda key: key.replicate == first.replicate, ahead):
            network = self._built(self.compile_key(job.trial))
            if network in mine:
                return job
            if nobodys is None and network not in others:
                nobodys = job
                if not mine:
                    break
        return nobodys or first

    def _built(self, network: Network) -> Network:
        """Return what of a network is built in, as far as that was learnt."""
        if not self._arguments:
            return network
        return tuple(pair for pair in network if pair[0] not in self._arguments)


def compile_key(spec: SessionSpec, trial: int) -> Network:
    """Return the values that are built into a trial's compiled network."""
    return network_of(spec.values_of(trial), spec.jit)


def network_of(values: Mapping[str, Value], jit: bool) -> Network:
    """Return those of a training's values that are built into its compiled network."""
    return tuple(sorted(built_in(values, jit).items()))
