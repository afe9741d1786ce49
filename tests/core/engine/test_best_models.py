"""The trained models that a session keeps: those of its best trials, and no more than it was asked to keep."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.core.conftest import MakeSpec

from hpo_core.engine.best_models import BestModels
from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded, Event
from hpo_core.plan.grid import JobKey
from hpo_core.session.kept_models import kept_models, model_of
from hpo_core.session.paths import SessionFolder
from hpo_core.session.state import SessionState

SCORES = ((0.97, 0.90), (0.95, 0.95), (0.96, 0.90), (0.80, 0.99))
"""The two replicates of each of four trials: the second trial is the best, though no single training of it is."""


class Trained:
    """A session that trains without a worker: a model is written where the engine says that it is to be kept."""

    def __init__(self, folder: Path, make_spec: MakeSpec, keep: int) -> None:
        self.folder = SessionFolder(folder)
        self.folder.models.mkdir(parents=True)
        self.state = SessionState(replace(make_spec(), keep=keep))
        self.models = BestModels(self.folder, self.state)
        self.written: list[JobKey] = []
        self._seq = 0

    def _record(self, event: Event) -> None:
        self._seq += 1
        record = Envelope(self._seq, 1, float(self._seq), event)
        self.state.apply(record)
        self.models.observe(record)

    def train(self, key: JobKey, score: float) -> None:
        keep = self.models.keep(key, 1)
        at = {"trial": key.trial, "replicate": key.replicate, "attempt": 1}
        self._record(AttemptStarted(**at, seed=0, worker=1))
        for epoch in (1, 2):
            self._record(EpochEnded(**at, epoch=epoch, metrics={"val_accuracy": score}))
        if keep is not None and (keep.least is None or score >= keep.least):
            Path(keep.path).touch()
            self.written.append(key)
        self._record(AttemptEnded(**at, status="complete", epochs=2))

    def train_all(self) -> None:
        for replicate in (1, 2):
            for trial, scores in enumerate(SCORES, 1):
                self.train(JobKey(trial, replicate), scores[replicate - 1])
        self.models.settle()

    @property
    def kept(self) -> set[int]:
        return {key.trial for key in kept_models(self.folder, self.state.attempt_of)}


@pytest.mark.parametrize(("keep", "trials"), [(0, set()), (1, {2}), (2, {1, 2}), (9, {1, 2, 3, 4})])
def test_the_models_of_the_best_trials_are_kept_and_no_other(
    tmp_path: Path, make_spec: MakeSpec, keep: int, trials: set[int]
) -> None:
    session = Trained(tmp_path, make_spec, keep)
    session.train_all()
    assert session.kept == trials
    assert {key.replicate for key in session.written} <= {2}, "a trial is judged when it is through, not before"


def test_an_engine_that_comes_later_knows_what_there_is_to_beat(tmp_path: Path, make_spec: MakeSpec) -> None:
    session = Trained(tmp_path, make_spec, keep=1)
    session.train_all()
    again = BestModels(session.folder, session.state).keep(JobKey(4, 3), 1)
    assert again is not None
    assert again.least is None, "no other trial has three replicates"
    assert model_of(session.folder, session.state.snapshot(), 2) is not None
    assert model_of(session.folder, session.state.snapshot(), 1) is None
