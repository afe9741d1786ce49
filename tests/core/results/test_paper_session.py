"""The shipped example: the paper's table, imported. Its story is told in means of trials, two replicates each."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from places import PAPER, ROOT, TABLE

from hpo_core.interop.import_table import import_table
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import at_last, measure_of
from hpo_core.results.show_json import show_json
from hpo_core.results.table import best_first, table_of
from hpo_core.results.trim import Trim, parse_hides
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import find, list_sessions


@pytest.fixture(scope="module")
def paper() -> Snapshot:
    return read_session(find(ROOT / "sessions", "paper"))


def ends(snapshot: Snapshot, trim: Trim) -> tuple[int, float, float]:
    seen = table_of(snapshot).scores(at_last("accuracy")).mean[in_view(snapshot, trim)]
    return len(seen), float(seen.min()), float(seen.max())


def test_the_shipped_session_holds_the_whole_table(paper: Snapshot) -> None:
    assert paper.damage == ()
    assert paper.spec.grid.names == ("learning_rate", "optimizer", "filter_size")
    assert dict(paper.spec.fixed) == {"epochs": 3}
    assert (len(paper.spec.grid), paper.spec.replicates, paper.trainings) == (60, 2, 120)
    assert paper.counts["complete"] == 120
    assert paper.metrics == ("accuracy", "loss")
    lines = TABLE.read_text().splitlines()[1:]
    for entry in paper.replicates.values():
        assert entry.epochs[-1].number == 3
        number = int(entry.origin.removeprefix("project_cumulative.csv, line "))
        rate, optimizer, filters, _, loss, accuracy = lines[number - 2].split(",")
        values = paper.spec.grid[entry.key.trial].values
        assert list(values.values()) == [float(rate), optimizer, int(filters)]
        assert entry.metric("accuracy") == float(accuracy)
        assert entry.metric("loss") == float(loss)


def test_trimming_the_learning_rate_moves_the_ends_from_figure_1_to_figure_3(paper: Snapshot) -> None:
    assert ends(paper, Trim()) == (60, pytest.approx(0.0159), pytest.approx(0.9661))
    trim = parse_hides(paper.spec.grid, ["learning_rate=0.01"])
    assert ends(paper, trim) == (48, pytest.approx(0.75215), pytest.approx(0.9661))


def test_trimming_to_the_best_moves_the_ends_to_figure_4(paper: Snapshot) -> None:
    trim = parse_hides(paper.spec.grid, ["learning_rate=1e-2,1e-4,5e-3", "filter_size=12"])
    assert ends(paper, trim) == (18, pytest.approx(0.9114), pytest.approx(0.9661))
    assert ends(paper, trim.undo().undo())[0] == 60


def test_the_ends_are_means_of_trials_not_single_trainings(paper: Snapshot) -> None:
    single = [value for entry in paper.replicates.values() if (value := entry.result("accuracy")) is not None]
    assert (min(single), max(single)) == (0.0159, 0.9677)


def test_the_best_trial_is_a_learning_rate_of_0_001_with_48_filters(paper: Snapshot) -> None:
    scores = table_of(paper).scores(measure_of(paper))
    best = best_first(scores.mean, paper.spec.objective.direction)[0]
    assert paper.spec.grid[best + 1].values == {"learning_rate": 0.001, "optimizer": "m", "filter_size": 48}
    assert scores.mean[best] == pytest.approx(0.9661)
    assert scores.sd[best] == pytest.approx(abs(0.9677 - 0.9645) / math.sqrt(2))


def test_importing_the_shipped_table_again_gives_the_shipped_session(paper: Snapshot, tmp_path: Path) -> None:
    again = read_session(import_table(TABLE, tmp_path, "again").folder)
    assert again.spec == paper.spec
    assert show_json("paper", again) == show_json("paper", paper)


def test_the_shipped_table_is_the_one_that_was_given(paper: Snapshot) -> None:
    given = ROOT.parent / "shared/data/paper/project_cumulative.csv"
    if not given.exists():
        pytest.skip("the paper's table is not beside the repository")
    assert TABLE.read_bytes() == given.read_bytes()


def test_opening_the_session_writes_nothing(paper: Snapshot) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        files = [file for file in PAPER.rglob("*") if file.is_file()]
        return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}

    before = state()
    snapshot = read_session(SessionFolder(PAPER))
    show_json("paper", snapshot)
    assert [folder.name for folder in list_sessions(PAPER.parent)].count("paper") == 1
    assert state() == before


def test_nothing_in_the_shipped_session_tells_of_a_machine() -> None:
    text = "".join((PAPER / name).read_text() for name in ("spec.toml", "journal.jsonl", TABLE.name))
    for word in ("/home", "/work", "/tmp", "/root", "host"):
        assert word not in text
