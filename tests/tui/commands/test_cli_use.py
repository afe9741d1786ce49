"""A person takes the winner away: use writes a folder that works without hpo-tui, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import TABLE

from hpo_core.handover import folder as handover
from hpo_core.journal.events import EngineOptions, EngineStarted
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.kept_models import model_path
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def folder(make_session: MakeSession) -> SessionFolder:
    """A whole session that kept the second replicate of its best trial."""
    made = make_session("whole")
    made.models.mkdir()
    model_path(made, JobKey(6, 2), 1).write_bytes(b"weights")
    return made


def test_the_best_trial_goes_into_a_folder_with_its_model_script_spec_and_scores(folder: SessionFolder) -> None:
    done = call("use", folder.path)
    assert done.exit_code == 0, done.output
    out = folder.exports / "trial-6"
    assert {"README.md", "model.keras", "spec.toml", "train.py"} <= {path.name for path in out.iterdir()}
    assert (out / "model.keras").read_bytes() == b"weights"
    readme = (out / "README.md").read_text()
    assert "val_accuracy 0.945 ± 0.0071 (n = 2)" in readme
    assert "model.keras is replicate 2 (epoch 3 of 3, its best): val_accuracy 0.95." in readme
    spec = SessionSpec.load(out / "spec.toml")
    assert len(spec.grid) == 1
    assert spec.values_of(1) == folder.load_spec().values_of(6)
    compile((out / "train.py").read_text(), "train.py", "exec")

    again = call("use", folder.path)
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)


def test_a_model_that_was_not_kept_is_trained_again_after_saying_so_and_a_failure_leaves_nothing(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handover, "train_again", fail)
    done = call("use", folder.path, "--trial", "1", "--to", tmp_path / "out" / "mine")
    assert "No model of trial 1 was kept: replicate 2 is trained again, with its seed." in done.stderr
    assert (done.exit_code, list((tmp_path / "out").iterdir())) == (1, [])


def test_a_table_from_elsewhere_has_no_model_and_made_up_results_have_none_either(
    make_session: MakeSession, sessions: Path
) -> None:
    assert call("--sessions", sessions, "import", TABLE, "--name", "paper").exit_code == 0
    refused = call("--sessions", sessions, "use", "paper")
    assert refused.exit_code == 2
    assert "was imported: it has results, and neither data nor a model" in refused.stderr

    options = EngineOptions(workload="synthetic")
    started = EngineStarted(host="box", boot_id="b", pid=1, version="0.1.0", options=options)
    made_up = call("use", make_session("made-up", extra=(started,)).path)
    assert made_up.exit_code == 0, made_up.output
    assert "these results are made up" in made_up.stdout
