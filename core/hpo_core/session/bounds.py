"""What a journal may say at most: a record with a whole checksum may still name what cannot be.

Everything that reads a session goes through its replicates and epochs one by one, so that one record that names
replicate 1,000,000,000 would make them all stand still. Such a record is damage.
"""

from __future__ import annotations

from hpo_core.journal.events import ResultAdopted
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import MAX_TRAININGS, SessionSpec

MAX_EPOCHS = 1_000_000
"""A training that was not made here has no more epochs than this."""

_TOLD = 100
"""So many impossible records are named; more tell nothing new."""


class Bounds:
    """One session's bounds; ``grown`` counts replicates beyond the spec's, ``broken`` says what was refused.

    ``spec`` is the session's with the trials there are so far, see ``take``.
    """

    def __init__(self, spec: SessionSpec) -> None:
        self.grown = 0
        self.broken: list[str] = []
        self.take(spec)
        self._most = max(MAX_TRAININGS, spec.trainings)
        self._epochs: dict[int, int] = {}
        self._epochs_vary = "epochs" in spec.grid.names

    def take(self, spec: SessionSpec) -> None:
        """Go on with the session's spec as it is now."""
        self.spec = spec
        self._trials = len(spec.grid)
        self._trainable = spec.trainable

    def allow(self, key: JobKey, count: int) -> bool:
        """Whether there may be this training, of a trial that has ``count`` replicates so far."""
        if not (1 <= key.trial <= self._trials and key.replicate >= 1):
            return False
        return key.replicate <= count or self.spec.trainings + self.grown + key.replicate - count <= self._most

    def epochs(self, trial: int) -> int:
        """How many epochs a training of ``trial`` here has; 0 where nothing is trained."""
        if not self._trainable or not 1 <= trial <= self._trials:
            return 0
        varied = trial if self._epochs_vary else 0
        known = self._epochs.get(varied)
        if known is None:
            known = self._epochs[varied] = self.spec.epochs_of(trial)
        return known

    def epoch(self, trial: int, number: int) -> bool:
        """Whether a training of ``trial`` may have this epoch."""
        return 1 <= number <= (self.epochs(trial) or MAX_EPOCHS)

    def adopted(self, event: ResultAdopted) -> bool:
        """Whether the epochs of a result from elsewhere may be."""
        return event.last_epoch == 0 or len(event.epochs) <= event.last_epoch <= MAX_EPOCHS

    def refuse(self, seq: int, what: str) -> bool:
        """Take note of a record that names what cannot be; always False."""
        if len(self.broken) < _TOLD:
            self.broken.append(f"record {seq}: {what} cannot be")
        return False
