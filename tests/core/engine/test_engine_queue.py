"""Which job is next: breadth first, to the worker that knows the network, and nobody idle while jobs wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hpo_core.engine.job_queue import JobQueue, Network, compile_key
from hpo_core.journal.events import AttemptStarted, Envelope, Event, JobsMoved
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState


class Bench:
    """A queue with its state, and workers that remember what they compiled."""

    def __init__(self, spec: SessionSpec) -> None:
        self.state = SessionState(spec)
        self.queue = JobQueue(self.state)
        self.compiled: dict[int, dict[Network, None]] = {1: {}, 2: {}}

    def tell(self, event: Event) -> None:
        record = Envelope(1, 1, 0.0, event)
        self.state.apply(record)
        self.queue.observe(record)

    def take(self, worker: int) -> JobKey | None:
        others = [network for number, known in self.compiled.items() if number != worker for network in known]
        key = self.queue.pick(self.compiled[worker], others)
        if key is not None:
            self.compiled[worker][self.queue.compile_key(key.trial)] = None
            self.tell(AttemptStarted(trial=key.trial, replicate=key.replicate, attempt=1, seed=0, worker=worker))
        return key

    def move_to_front(self, *jobs: tuple[int, int]) -> None:
        self.tell(JobsMoved(jobs=jobs, to="front"))


@pytest.fixture
def bench(make_spec: Callable[..., SessionSpec]) -> Bench:
    # 3 learning rates × 4 filters: trials 1, 5, 9 are one network, 2, 6, 10 the next ...
    return Bench(make_spec(rates=(1e-4, 1e-3, 1e-2), filters=(12, 24, 36, 48)))


def test_a_network_is_compiled_for_every_value_but_the_learning_rate(bench: Bench) -> None:
    spec = bench.state.spec
    assert compile_key(spec, 1) == compile_key(spec, 5) == compile_key(spec, 9)
    assert len({compile_key(spec, trial) for trial in range(1, 13)}) == 4


def test_every_trial_gets_its_first_replicate_before_any_gets_its_second(bench: Bench) -> None:
    taken = [bench.take(1 + turn % 2) for turn in range(24)]
    assert [key.replicate for key in taken if key] == [1] * 12 + [2] * 12
    assert bench.take(1) is None


def test_a_worker_goes_on_with_the_network_it_has_compiled(bench: Bench) -> None:
    assert [key.trial for key in (bench.take(1), bench.take(1), bench.take(1)) if key] == [1, 5, 9]


def test_two_workers_share_the_networks_out_between_them(bench: Bench) -> None:
    for turn in range(12):
        bench.take(1 + turn % 2)
    assert len(bench.compiled[1]) == len(bench.compiled[2]) == 2
    assert not set(bench.compiled[1]) & set(bench.compiled[2])


def test_a_worker_takes_another_ones_network_rather_than_be_idle(bench: Bench) -> None:
    for _ in range(11):
        bench.take(1)
    last = bench.take(2)
    assert last is not None
    assert last.replicate == 1


def test_a_job_moved_to_the_front_is_next_whatever_anybody_has_compiled(bench: Bench) -> None:
    bench.take(1)
    bench.move_to_front((12, 2), (3, 1))
    assert [bench.take(1), bench.take(1)] == [JobKey(12, 2), JobKey(3, 1)]
    assert bench.take(1) == JobKey(4, 1), "the network of trial 12, which is compiled by now"


def test_what_was_moved_to_the_front_and_then_to_the_back_is_not_urgent(bench: Bench) -> None:
    bench.move_to_front((12, 2))
    bench.tell(JobsMoved(jobs=((12, 2),), to="back"))
    assert bench.take(1) == JobKey(1, 1)


OWN = """
[model]
file = "model.py"
[data]
source = "fruit"
[grid]
lr = [1e-3, 3e-3, 1e-2, 3e-2]
units = [16, 32]
[session]
objective = "val_mae"
"""


def test_of_a_users_own_model_two_workers_learn_which_values_are_built_in_and_share_the_programs_out() -> None:
    bench = Bench(SessionSpec.parse(OWN))
    compiled: dict[int, list[str]] = {1: [], 2: []}
    for turn in range(8):
        worker = 1 + turn % 2
        key = bench.take(worker)
        assert key is not None
        values = bench.state.spec.values_of(key.trial)
        compiled[worker].append(f"program of {values['units']} units")
        bench.queue.learn(values, compiled[worker][-1])
    assert [len(set(programs)) for programs in compiled.values()] == [1, 1]
    assert [len(programs) for programs in compiled.values()] == [4, 4], "and neither was idle"
