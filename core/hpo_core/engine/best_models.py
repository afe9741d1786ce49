"""Which trained models a session keeps: of its best ``keep`` trials, by the mean of the objective.

Only a trial's last replicate is kept: with it the trial's mean is final, so that whichever comes to be the best
was so among the trials that were through before it. Of n trials, that is about ln(n) models written.
"""

from __future__ import annotations

import bisect
import contextlib
import logging
import math
from collections import defaultdict
from collections.abc import Iterable

from hpo_core.journal.events import AttemptEnded, Envelope, Keep
from hpo_core.plan.grid import JobKey
from hpo_core.plan.setting import Value
from hpo_core.session.kept_models import kept_models, model_path
from hpo_core.session.paths import SessionFolder
from hpo_core.session.state import SessionState
from hpo_core.text import clean

log = logging.getLogger(__name__)

Board = tuple[tuple[Value, ...], int]
"""The trials that are compared: those of one loss where losses cannot be, with so many replicates."""


class BestModels:
    """Says what a training must reach to be kept, and drops the models that are overtaken."""

    def __init__(self, folder: SessionFolder, state: SessionState) -> None:
        self._folder, self._state = folder, state
        self._count = state.spec.keep
        self._sign = state.spec.objective.sign
        self._boards: dict[Board, list[tuple[float, int]]] = defaultdict(list)
        if self._count:
            for trial in self._begun():
                self._enter(trial)

    def keep(self, key: JobKey, attempt: int) -> Keep | None:
        """Return what the worker is to keep of a training; None is nothing."""
        siblings = (JobKey(key.trial, n) for n in range(1, self._state.replicate_count(key.trial) + 1))
        more = any(self._state.status_of(sibling) == "waiting" for sibling in siblings if sibling != key)
        if more or not self._count:
            return None
        objective, scores = self._state.spec.objective, self._state.scores_of(key.trial)
        rivals = self._boards[self._board(key.trial, len(scores) + 1)]
        least = None
        if len(rivals) >= self._count:  # the score with which its trial's mean is as good as the last of them
            least = -rivals[self._count - 1][0] * self._sign * (len(scores) + 1) - math.fsum(scores)
            least -= self._sign * 1e-9 * abs(least)
        path = str(model_path(self._folder, key, attempt).absolute())
        return Keep(path=path, metric=objective.metric, direction=objective.direction, least=least)

    def observe(self, record: Envelope) -> None:
        """Take note of a training that has ended; see ``Recorder.watch``."""
        event = record.event
        if self._count and isinstance(event, AttemptEnded) and event.status == "complete":
            self._enter(event.trial)
            self._drop(trial for board in self._boards.values() for _, trial in board)

    def settle(self) -> None:
        """Nothing is left to train: keep the models of the best trials by all of their replicates alone."""
        if not self._count:
            return
        final: dict[tuple[Value, ...], list[tuple[float, int]]] = defaultdict(list)
        for trial in self._begun():
            if scores := self._state.scores_of(trial):
                final[self._board(trial, 0)[0]].append((-self._sign * math.fsum(scores) / len(scores), trial))
        self._drop(trial for found in final.values() for _, trial in sorted(found)[: self._count])

    def _begun(self) -> set[int]:
        return {entry.key.trial for entry in self._state.replicates()}

    def _board(self, trial: int, replicates: int) -> Board:
        spec = self._state.spec
        holds = spec.loss_holds if spec.losses_apart else ()
        values = spec.values_of(trial) if holds else {}
        return tuple(values[name] for name in holds), replicates

    def _enter(self, trial: int) -> None:
        scores = self._state.scores_of(trial)
        if scores:
            board = self._boards[self._board(trial, len(scores))]
            bisect.insort(board, (-self._sign * math.fsum(scores) / len(scores), trial))
            del board[self._count :]

    def _drop(self, wanted: Iterable[int]) -> None:
        trials = set(wanted)
        for key, path in kept_models(self._folder, self._state.attempt_of).items():
            if key.trial not in trials and self._state.status_of(key) != "running":
                with contextlib.suppress(OSError):
                    path.unlink()
                    log.info("model dropped: %s", clean(path.name))
