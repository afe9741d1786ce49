"""A session in a notebook: three typed frames of one moment, and a session that nobody has touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hpo_core
from hpo_core.errors import SessionError

TYPES = {
    "learning_rate": "float64",
    "filters": "int64",
    "attempt": "Int64",
    "seed": "Int64",
    "status": "string",
    "last_epoch": "Int64",
    "seconds": "float64",
    "reason": "string",
    "origin": "string",
}


def types_of(frame: Any) -> dict[str, str]:
    return {name: str(frame[name].dtype) for name in TYPES if name in frame}


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_each_frame_has_its_index_its_types_and_the_same_numbers(
    make_session: Any, run_engine: Any, tmp_path: Path
) -> None:
    run_engine(make_session(epochs=2))
    session = hpo_core.open_session("small", tmp_path / "sessions")
    trials, replicates, epochs = session.trials, session.replicates, session.epochs
    assert (trials.index.name, trials.index.tolist()) == ("trial", [1, 2, 3, 4])
    assert (replicates.index.names, len(replicates)) == (["trial", "replicate"], 8)
    assert (epochs.index.names, len(epochs)) == (["trial", "replicate", "epoch"], 16)
    assert replicates.index.is_unique
    assert epochs.index.is_unique
    assert types_of(replicates) == TYPES
    assert types_of(epochs).items() <= TYPES.items()
    assert (trials["complete"] == 2).all()
    last = epochs.xs(2, level="epoch")
    assert last["val_accuracy"].tolist() == replicates["val_accuracy"].tolist()
    assert last.groupby("trial")["val_accuracy"].mean().tolist() == pytest.approx(trials["mean_val_accuracy"])
    assert repr(session) == "<session small: 4 trials; trainings: 8 complete>"


def test_a_session_without_a_result_has_frames_of_the_same_shape(make_session: Any) -> None:
    make_session()
    session = hpo_core.open_session("small")
    assert (len(session.trials), len(session.epochs)) == (4, 0)
    assert types_of(session.replicates) == TYPES
    assert session.replicates["seed"].isna().all()
    assert (session.trials["status"] == "waiting").all()


def test_opening_writes_nothing_and_starts_nothing(make_session: Any, tmp_path: Path) -> None:
    folder = make_session()
    before = contents(tmp_path)
    session = hpo_core.open_session(folder.path)
    assert len(session.trials) + len(session.replicates) + len(session.epochs) == 12
    assert contents(tmp_path) == before
    assert not folder.engine_runs()


def test_a_name_that_is_not_there_is_told_with_those_that_are(make_session: Any) -> None:
    make_session()
    with pytest.raises(SessionError, match=r"no session 'large'.*there: small"):
        hpo_core.open_session("large")
