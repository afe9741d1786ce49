"""TensorBoard is followed while it trains, and whatever becomes of its files costs no training."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hpo_core.interop.import_table import understand
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import create


@pytest.fixture
def watched(make_spec: Any, tmp_path: Any) -> Any:
    return create(tmp_path / "sessions", "watched", replace(make_spec(epochs=2), tensorboard=True))


def test_each_training_has_its_hparams_and_its_curve(watched: Any, run_engine: Any) -> None:
    pytest.importorskip("tensorboard")
    snapshot: Snapshot = run_engine(watched)
    table = understand(watched.tensorboard)
    assert {name: set(values) for name, values in table.values.items()}.items() >= {
        factor.name: set(factor.values) for factor in snapshot.spec.grid.hyperparameters
    }.items()
    assert table.trainings == len(snapshot.replicates)
    found = sorted(epoch["val_accuracy"] or 0 for training in table.table.trainings for epoch in training.epochs)
    told = [epoch.metrics["val_accuracy"] for entry in snapshot.replicates.values() for epoch in entry.epochs]
    assert found == pytest.approx(sorted(value or 0 for value in told), abs=1e-6)
    assert SAID not in " ".join(note.text for note in snapshot.notes)


def test_event_files_that_cannot_be_written_cost_no_training(watched: Any, run_engine: Any) -> None:
    watched.tensorboard.write_text("in the way")
    snapshot: Snapshot = run_engine(watched)
    assert {entry.status for entry in snapshot.replicates.values()} == {"complete"}
    assert sum(SAID in note.text for note in snapshot.notes) == 1


SAID = "TensorBoard's event files are written no more"
