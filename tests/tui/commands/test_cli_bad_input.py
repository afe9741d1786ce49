"""What a person gets wrong is said in one sentence, with status 2, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from hpo_core.plan.spec import SessionSpec
from hpo_core.session.store import create, create_with_events
from hpo_tui.cli import cli

FRUIT = '[data]\nsource = "fruit"\n'
GRID = "[grid]\nfilters = [2, 4]\n"
TRAIN = ("--headless", "--workload", "synthetic")


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def refused(folder: Path, *call: str | Path) -> str:
    """Run a call that must be refused; return its one sentence."""
    before = files_in(folder)
    result = CliRunner().invoke(cli, [str(argument) for argument in call])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    left = [
        path for path in files_in(folder) if path not in before and folder / "cache" not in (path, *path.parents)
    ]
    assert left == []
    return line


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            FRUIT + GRID + "[session]\nreplicate = 2\n",
            "unknown key 'replicate' in [session]; did you mean replicates?",
        ),
        (FRUIT + "[grid]\nfilter = [2]\n", "[grid] filter: unknown hyperparameter; did you mean filters?"),
        (FRUIT + "[grid]\nfilters = []\n", "[grid] filters has no values"),
        (FRUIT + "[grid]\n", "[grid] is empty"),
        (FRUIT + '[grid]\nfilters = [2, "four"]\n', "[grid] filters: 'four' is not a number"),
        (FRUIT + "[grid]\nfilters = 12\n", "[grid] filters must be a list"),
        (FRUIT + "[grid]\nfilters = [2, 2]\n", "[grid] filters names 2 twice"),
        (FRUIT + '[grid]\nloss = ["hinge"]\n', "'hinge' is not one of poisson"),
        (FRUIT + GRID + '[session]\nreplicates = "two"\n', "replicates must be a whole number"),
        (GRID, "the table [data] is missing"),
        ("[data\n", "is not valid TOML"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_with_the_place(tmp_path: Path, text: str, words: str) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(text)
    line = refused(tmp_path, "run", spec, *TRAIN)
    assert line.startswith(f"hpo-tui: {spec}")
    assert words in line


@pytest.mark.fault(36)
def test_a_grid_of_a_billion_trials_is_counted_and_refused_at_once(tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    thousand = ", ".join(str(number) for number in range(1, 1001))
    hundredths = ", ".join(f"{number / 2000}" for number in range(1, 1001))
    spec.write_text(f"{FRUIT}[grid]\nfilters = [{thousand}]\nepochs = [{thousand}]\ndropout = [{hundredths}]\n")
    line = refused(tmp_path, "run", spec, *TRAIN)
    assert "1000 × 1000 × 1000 = 1,000,000,000 trials" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "filters"), "--set 'filters': write NAME=VALUE"),
        (("--set", "filters="), "[grid] filters has no values"),
        (("--set", "filter=3"), "filter: unknown hyperparameter; did you mean filters?"),
        (("--set", "filters=2,2"), "filters names 2 twice"),
        (("--replicates", "0"), "--replicates"),
        (("--name", "../escape"), "cannot name a session; use letters"),
        (("--name", "/etc"), "cannot name a session"),
        (("--name", ""), "cannot name a session"),
        (("--name", "n" * 300), "cannot name a session"),
        (("--name", "taken"), "There is a session 'taken' already"),
    ],
)
def test_a_wrong_option_of_run_is_refused(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(FRUIT + GRID)
    create(tmp_path / "sessions", "taken", SessionSpec.load(spec))
    assert words in refused(tmp_path, "run", spec, *TRAIN, *options)


def test_a_spec_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "There is no spec file" in refused(tmp_path, "run", tmp_path / "none.toml", *TRAIN)
    assert "is a folder" in refused(tmp_path, "run", tmp_path, *TRAIN)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of two classes, three good images each, for training and validation."""
    folder = tmp_path / "images"
    for part in ("Training", "Validation"):
        for name in ("apple", "pear"):
            (folder / part / name).mkdir(parents=True)
            for number in range(3):
                colour = (40 * number, 200 if name == "pear" else 20, 30)
                Image.new("RGB", (8, 8), colour).save(folder / part / name / f"{number}.png")
    return folder


def folder_spec(tmp_path: Path, images: Path) -> Path:
    spec = tmp_path / "spec.toml"
    spec.write_text(f'[data]\nsource = "folder"\npath = "{images}"\nimage_size = [8, 8]\n{GRID}')
    return spec


@pytest.mark.fault(32)
def test_a_data_folder_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    spec = folder_spec(tmp_path, tmp_path / "images")
    assert str(tmp_path / "images") in refused(tmp_path, "run", spec, *TRAIN)
    (tmp_path / "images").mkdir()
    assert str(tmp_path / "images") in refused(tmp_path, "run", spec, *TRAIN)


@pytest.mark.fault(32)
def test_a_data_folder_with_one_class_is_refused(tmp_path: Path, images: Path) -> None:
    spec = folder_spec(tmp_path, images)
    for part in ("Training", "Validation"):
        for file in (images / part / "pear").iterdir():
            file.unlink()
        (images / part / "pear").rmdir()
    assert "class" in refused(tmp_path, "run", spec, *TRAIN)


@pytest.mark.fault(31)
def test_a_corrupt_image_is_named_before_training_begins(tmp_path: Path, images: Path) -> None:
    spec = folder_spec(tmp_path, images)
    (images / "Training" / "pear" / "1.png").write_bytes(b"not a picture at all")
    line = refused(tmp_path, "run", spec, *TRAIN)
    assert "Training/pear/1.png" in line
    assert "1 of 12 images cannot be read" in line


@pytest.mark.fault(34)
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("filters,accuracy\n2,0.5\n4\n", ("line 3",)),
        ("filters,accuracy\n2,0.5\n4,0.7,1\n", ("line 3",)),
        ("filters,accuracy\n2,0.5\n4,high\n", ("line 3", "accuracy", "high")),
        ("filters,loss_function\n2,p\n4,m\n", ("metric",)),
        ("filters,filters,accuracy\n2,2,0.5\n", ("filters",)),
        ("filters,accuracy\n", ("table.csv",)),
        ("", ("table.csv",)),
        ("filters,accuracy\n2,1e999\n", ("line 2", "accuracy")),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_place(
    tmp_path: Path, rows: str, words: tuple[str, ...]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(rows)
    line = refused(tmp_path, "import", table, "--name", "mine")
    assert "table.csv" in line
    for word in words:
        assert word in line


@pytest.mark.fault(38)
def test_a_table_is_not_imported_over_a_session_or_outside_the_folder(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("filters,accuracy\n2,0.5\n4,0.7\n")
    create(tmp_path / "sessions", "taken", SessionSpec.parse(FRUIT + GRID))
    assert "There is a session 'taken' already" in refused(tmp_path, "import", table, "--name", "taken")
    assert "cannot name a session" in refused(tmp_path, "import", table, "--name", "../mine")
    assert "none.csv" in refused(tmp_path, "import", tmp_path / "none.csv", "--name", "mine")


def test_run_without_a_terminal_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(FRUIT + GRID)
    assert "--headless" in refused(tmp_path, "run", spec, "--workload", "synthetic")
    assert "--headless" in refused(tmp_path, "demo", "--workload", "synthetic")


def test_training_without_tensorflow_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(FRUIT + GRID)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    line = refused(tmp_path, "run", spec, "--headless")
    assert "tensorflow is not installed here; install it with 'pip install tensorflow'" in line
    assert "--workload synthetic" in line


@pytest.mark.fault(41)
@pytest.mark.parametrize("verb", ["open", "show", "effects", "export"])
def test_a_session_whose_spec_was_edited_is_refused_before_anything_is_shown(tmp_path: Path, verb: str) -> None:
    sessions = tmp_path / "sessions"
    spec = SessionSpec.parse(FRUIT + GRID)
    folder = create_with_events(sessions, "edited", spec, ())
    folder.spec.write_text(folder.spec.read_text().replace("    4,\n", "    4,\n    8,\n"))
    said = refused(tmp_path, verb, "edited", "--sessions", sessions)
    assert "filters is varied over 2, 4, 8 there, and over 2, 4 in the journal" in said
    folder.spec.write_text("x = [")
    assert "is not valid TOML" in refused(tmp_path, verb, "edited", "--sessions", sessions)


def test_a_number_of_trials_without_a_plan_that_draws_them_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(FRUIT + GRID + "[search]\ntrials = 1\n")
    said = refused(tmp_path, "run", tmp_path / "x.toml", *TRAIN)
    assert "[search] trials is for a plan that draws them" in said


def test_nothing_is_said_to_be_hidden_where_the_plan_has_added_no_trial_yet(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    create(sessions, "new", SessionSpec.parse(FRUIT + GRID + '[search]\nplan = "random"\ntrials = 2\n'))
    here = ("--sessions", sessions)
    assert "new has no trial yet" in refused(tmp_path, "plot", "new", "scatter", *here)
    assert "There is no trial to refine yet" in refused(tmp_path, "refine", "new", "--name", "finer", *here)
    shown = CliRunner().invoke(cli, ["show", "new", "--sessions", str(sessions)])
    assert "2 trainings: 2 waiting" in shown.stdout
    assert "Its plan adds the trials while it trains." in shown.stdout
