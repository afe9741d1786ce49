"""What goes out is read by the programs it is for, and comes back the same."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from hpo_core.interop.export import export
from hpo_core.interop.import_table import import_table, understand
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot

TEXT = "lr,act,epoch,val_loss\n" + "".join(
    f"{lr},{act},{epoch},{lr}{epoch}\n" for lr in (0.1, 0.2) for act in ("relu", "elu") for epoch in (1, 2)
)


@pytest.fixture
def session(tmp_path: Path) -> Snapshot:
    (tmp_path / "table.csv").write_text(TEXT)
    return read_session(import_table(tmp_path / "table.csv", tmp_path / "sessions", "it").folder)


FILES = {"optuna": "optuna.db", "sklearn": "cv_results.csv"}


@pytest.mark.parametrize("written_as", list(FILES))
def test_an_export_comes_back_with_its_values_and_scores(
    session: Snapshot, tmp_path: Path, written_as: str
) -> None:
    if written_as == "optuna":
        pytest.importorskip("optuna")
    export(session, tmp_path / "out", written_as=written_as)
    table = understand(tmp_path / "out" / FILES[written_as])
    assert {name: set(values) for name, values in table.values.items()} == {
        "lr": {0.1, 0.2},
        "act": {"relu", "elu"},
    }
    best = {"optuna": 0.12, "sklearn": -0.12}[written_as]
    found = [abs(value or 0) for training in table.table.trainings for value in training.epochs[-1].values()]
    assert min(found) == pytest.approx(abs(best))
    assert table.spec.objective.direction == {"optuna": "min", "sklearn": "max"}[written_as]


def test_json_and_parquet_hold_the_tidy_tables(session: Snapshot, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for written_as in ("json", "parquet"):
        export(session, tmp_path / "out", written_as=written_as)
    rows = parquet.read_table(tmp_path / "out" / "epochs.parquet").to_pylist()
    import json

    assert rows == json.loads((tmp_path / "out" / "epochs.json").read_text())
    assert [row["val_loss"] for row in rows[:2]] == [0.11, 0.12]


def test_tensorboards_own_reader_finds_hparams_and_curves(
    session: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", ModuleType("notf"))  # reads without TensorFlow
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    metadata = pytest.importorskip("tensorboard.plugins.hparams.metadata")
    export(session, tmp_path / "out", written_as="tensorboard")
    folders = sorted(path.parent for path in (tmp_path / "out").rglob("*tfevents*"))
    assert [folder.name for folder in folders] == [f"trial-{number}-r1" for number in (1, 2, 3, 4)]
    read = accumulator.EventAccumulator(str(folders[0]))
    read.Reload()
    assert [(point.step, round(point.value, 6)) for point in read.Scalars("val_loss")] == [(1, 0.11), (2, 0.12)]
    content = read.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    about = metadata.parse_session_start_info_plugin_data(content).hparams
    assert (about["lr"].number_value, about["act"].string_value) == (0.1, "relu")
