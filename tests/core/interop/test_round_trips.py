"""What comes in goes out the same, and comes in again: by way of the real packages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hpo_core.interop.export import export
from hpo_core.interop.import_table import import_table, understand
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot

CSV = (
    "lr,act,seed,epoch,loss,val_accuracy\n"
    + "".join(
        f"{lr},{act},{seed},{epoch},{1 / epoch / lr!r},{lr / 10 + seed / 1000 + epoch / 7!r}\n"
        for lr in (0.1, 0.25)
        for act in ("relu", "none, really")
        for seed in (1, 2)
        for epoch in (1, 2, 3)
    ).replace("none, really", '"none, really"')
    + "1e-5,relu,1,1,nan,0.1\n1e-5,relu,2,1,,\n"
)


def session_of(file: Path, tmp_path: Path, name: str) -> Snapshot:
    return read_session(import_table(file, tmp_path / "sessions", name).folder)


def told(snapshot: Snapshot) -> Counter[str]:
    """Every training by its values, status and curve."""
    return Counter(
        repr((sorted(snapshot.spec.grid[entry.key.trial].values.items()), entry.status,
              [(epoch.number, sorted(epoch.metrics.items())) for epoch in entry.epochs]))
        for entry in snapshot.replicates.values()
    )  # fmt: skip


def statuses(snapshot: Snapshot) -> Counter[str]:
    return Counter(entry.status for entry in snapshot.replicates.values())


@pytest.mark.parametrize("written_as", ["csv", "json", "parquet"])
def test_a_table_comes_back_from_every_table_that_goes_out(tmp_path: Path, written_as: str) -> None:
    if written_as == "parquet":
        pytest.importorskip("pyarrow")
    (tmp_path / "it.csv").write_text(CSV)
    first = session_of(tmp_path / "it.csv", tmp_path, "first")
    assert Counter(entry.status for entry in first.replicates.values()) == {
        "complete": 8,
        "diverged": 1,
        "failed": 1,
    }
    export(first, tmp_path / "out", written_as=written_as)
    again = session_of(tmp_path / "out" / f"epochs.{written_as}", tmp_path, "again")
    lost = told(first) - told(again)
    assert all("failed" in line for line in lost), "an epoch's table has no training without an epoch"
    assert again.spec.objective == first.spec.objective


def test_an_optuna_study_comes_back_as_it_was(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    dist = optuna.distributions
    kinds = {
        "lr": dist.FloatDistribution(1e-5, 1.0, log=True),
        "units": dist.IntDistribution(8, 64),
        "act": dist.CategoricalDistribution(["relu", "elu"]),
    }
    state = optuna.trial.TrialState

    def facts(study: Any) -> Counter[str]:
        return Counter(repr((sorted(t.params.items()), t.state.name, t.value)) for t in study.trials)

    theirs = tmp_path / "theirs.log"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(theirs)))
    study = optuna.create_study(storage=storage, direction="minimize", study_name="s")
    rows = [(0.001, 8, "relu", "COMPLETE", 0.5), (0.0123, 33, "elu", "COMPLETE", -1.25),
            (0.1, 64, "relu", "PRUNED", None), (0.9, 64, "elu", "FAIL", None)]  # fmt: skip
    for lr, units, act, what, value in rows:
        study.add_trial(
            optuna.trial.create_trial(
                params={"lr": lr, "units": units, "act": act}, distributions=kinds, value=value, state=state[what]
            )
        )
    first = session_of(theirs, tmp_path, "first")
    assert Counter(entry.status for entry in first.replicates.values()) == {
        "complete": 2,
        "pruned": 1,
        "failed": 1,
    }
    export(first, tmp_path / "out", written_as="optuna")
    back = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'out' / 'optuna.db'}")
    assert facts(back) == facts(study)
    assert back.direction == study.direction
    assert back.best_params == {"lr": 0.0123, "units": 33, "act": "elu"}


def test_scikit_learns_own_results_come_in_and_go_out_as_its_table(tmp_path: Path) -> None:
    selection = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is not installed")
    linear = pytest.importorskip("sklearn.linear_model")
    pandas = pytest.importorskip("pandas")
    search = selection.GridSearchCV(
        linear.Ridge(),
        {"alpha": [0.1, 1.0], "fit_intercept": [True, False]},
        cv=3,
        scoring="neg_mean_squared_error",
    )
    search.fit([[n, n % 3] for n in range(12)], [n * 2.0 + n % 2 for n in range(12)])
    pandas.DataFrame(search.cv_results_).to_csv(tmp_path / "theirs.csv")
    first = session_of(tmp_path / "theirs.csv", tmp_path, "first")
    assert first.spec.grid.names == ("alpha", "fit_intercept")
    export(first, tmp_path / "out", written_as="sklearn")
    mine = pandas.read_csv(tmp_path / "out" / "cv_results.csv").sort_values(["param_alpha", "param_fit_intercept"])
    theirs = pandas.DataFrame(search.cv_results_).sort_values(["param_alpha", "param_fit_intercept"])
    for split in range(3):
        column = next(name for name in mine if name.startswith(f"split{split}_"))
        assert mine[column].tolist() == pytest.approx(theirs[f"split{split}_test_score"].tolist())


def test_tensorboards_files_come_back_with_hparams_and_curves(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "it.csv").write_text(CSV)
    first = session_of(tmp_path / "it.csv", tmp_path, "first")
    export(first, tmp_path / "out", written_as="tensorboard")
    table = understand(tmp_path / "out")
    assert {name: set(values) for name, values in table.values.items()} == {
        "lr": {1e-5, 0.1, 0.25}, "act": {"relu", "none, really"},
    }  # fmt: skip
    whole = [training for training in table.table.trainings if len(training.epochs) == 3]
    assert len(whole) == 8
    best = max(training.epochs[-1]["val_accuracy"] or 0 for training in whole)
    assert best == pytest.approx(0.25 / 10 + 2 / 1000 + 3 / 7, abs=1e-6)
