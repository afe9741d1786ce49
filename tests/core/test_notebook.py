"""A session in a notebook: three typed frames of one moment, and a session that nobody has touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hpo_core
from hpo_core.errors import FilterError, SessionError
from hpo_core.interop.import_table import import_table

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


def test_a_line_says_what_matters_and_a_trim_takes_values_out_of_every_frame(tmp_path: Path) -> None:
    grid = [(lr, act) for lr in (1, 2, 3) for act in "ab"]
    rows = "".join(f"{lr},{act},{lr + at * 7 % 5 / 100}\n" for at, (lr, act) in enumerate(grid * 2))
    (tmp_path / "it.csv").write_text(f"lr,act,val_accuracy\n{rows}")
    import_table(tmp_path / "it.csv", tmp_path / "sessions", "it")
    session = hpo_core.open_session("it", tmp_path / "sessions")
    effects = session.effects()
    assert effects.index.tolist() == ["lr", "act", "lr × act"]
    assert effects.loc["lr", "verdict"] == "decides"
    assert effects.loc["lr", "p"] < 1e-6 < 0.1 < effects.loc["act", "p"]
    assert "lr decides" in effects.attrs["sentences"][0]
    less = session.trim("act = b", lr=[1, 3.0])
    assert [len(frame) for frame in (less.trials, less.replicates, less.epochs)] == [1, 2, 2]
    assert less.trials["lr"].tolist() == [2]
    assert session.trim(hide={"act": "a"}).trim("lr > 1").trials["lr"].tolist() == [2, 3]
    assert len(session.trials) == 6
    for wrong, sentence in (
        (lambda: session.trim(lrr=1), "no hyperparameter is called 'lrr'; did you mean lr"),
        (lambda: session.trim(lr=9), "lr has no value '9'; it has 1, 2, 3"),
        (lambda: session.trim("lr > 9"), "nothing is left in view"),
        (lambda: session.effects("loss"), "the session has val_accuracy"),
    ):
        with pytest.raises(FilterError, match=sentence):
            wrong()
