"""A person trains on files of their own: the commands say how they were taken, and which results are of which."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import DataPrepared, EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.store import create
from hpo_core.workloads.images.dataset import prepare
from hpo_tui.cli import cli
from hpo_tui.commands import start as starting
from hpo_tui.desk.follower import Update
from hpo_tui.views.machine import machine_rows

SPEC = """
[data]
source = "folder"
path = "{root}"
image_size = [8, 8]
[grid]
filters = [12, 24, 36]
[fixed]
epochs = 2
[session]
replicates = 2
"""


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of three images, and one that is in none."""
    monkeypatch.setenv("HPO_TUI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HPO_TUI_SESSIONS", str(tmp_path / "sessions"))
    for name, shade in (("apple", 90), ("kiwi", 200)):
        for number in range(3):
            path = tmp_path / "images" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), shade + number).save(path)
    Image.new("L", (8, 8), 9).save(tmp_path / "images" / "beside.png")
    return tmp_path / "images"


def prepared(root: Path) -> DataPrepared:
    return prepare({"source": "folder", "path": str(root), "image_size": [8, 8]}).prepared()


@pytest.mark.fault(52)
def test_before_training_it_is_said_how_the_data_are_taken_and_show_says_it_later(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = SessionSpec.parse(SPEC.format(root=root))
    monkeypatch.setattr(starting, "before_start", lambda: None)
    starting.check_can_train(spec, "synthetic", headless=True)
    lines = " ".join(capsys.readouterr().out.split())
    assert lines.startswith("data: 2 classes, 4 training images and 2 validation images of 8×8 6 images of")
    assert "hidden, or folders by a link: beside.png pixels from 90 to 202" in lines
    folder = create(root.parent / "sessions", "mine", spec)
    of_images = prepared(root)
    Engine(folder, ReplayExecutor(lambda job: iter([of_images, *synthetic(job)])), EngineOptions()).run()
    said = call("show", "mine").stdout
    assert "data: 6 images of" in said
    assert "  pixels from 90 to 202" in said
    update = cast(Update, SimpleNamespace(status=None, snapshot=read_session(folder)))
    for width in (40, 80):
        shown = ["".join(text for text, _ in row) for row in machine_rows(update, width, 30)]
        assert {len(row) for row in shown} == {width}
        assert any("pixels" in row for row in shown)


@pytest.mark.fault(59)
def test_where_images_changed_effects_and_refine_say_which_results_are_of_which_and_only_the_same_are_re_used(
    root: Path,
) -> None:
    folder = create(root.parent / "sessions", "mine", SessionSpec.parse(SPEC.format(root=root)))
    first = prepared(root)
    Image.new("L", (8, 8), 33).save(root / "apple" / "0.png")
    second = prepared(root)
    names = [data.fingerprint[:8] for data in (first, second)]
    script = ReplayExecutor(lambda job: iter([second if job.trial == 3 else first, *synthetic(job)]))
    Engine(folder, script, EngineOptions(workers=1)).run()
    for said in (call("effects", "mine").stdout, call("show", "mine").stdout):
        assert f"4 of {names[0]}, 2 of {names[1]}" in " ".join(said.split())
    assert json.loads(call("effects", "mine", "--json").stdout)["data"] == {
        first.fingerprint: 4,
        second.fingerprint: 2,
    }
    dry = " ".join(call("refine", "mine", "--name", "finer", "--dry-run").stdout.split())
    assert (
        f"4 of {names[0]}, none of them re-used; 2 of {names[1]}, 2 of them re-used. They are now {names[1]}."
        in dry
    )
    assert "1 re-used" in dry
    Image.new("L", (8, 8), 34).save(root / "apple" / "0.png")
    assert "0 re-used" in call("refine", "mine", "--name", "finer", "--dry-run").stdout
