"""Export: three tidy CSV files that agree with each other and with ``show --json``; no old export is lost."""

from __future__ import annotations

import csv
import errno
import math
from pathlib import Path

import pytest
from places import PAPER

from hpo_core.errors import SessionError
from hpo_core.interop.cell_values import csv_cell, unprotected
from hpo_core.interop.export import export
from hpo_core.journal.events import Envelope, ResultAdopted
from hpo_core.journal.files import Files
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.in_view import in_view
from hpo_core.results.show_json import show_json
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState


@pytest.fixture(scope="module")
def paper() -> Snapshot:
    return read_session(SessionFolder(PAPER))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_three_files_agree_with_each_other_and_with_show_json(paper: Snapshot, tmp_path: Path) -> None:
    seen = in_view(paper, Trim().hide("learning_rate", 0.01))
    paths = export(paper, tmp_path / "new" / "exports", seen)
    assert [path.name for path in paths] == ["trials.csv", "replicates.csv", "epochs.csv"]
    trials, replicates, epochs = (rows_of(path) for path in paths)
    shown = show_json("paper", paper, seen)["trials"]
    assert (len(trials), len(replicates), len(epochs), len(shown)) == (48, 96, 96, 48)
    for row, trial in zip(trials, shown, strict=True):
        assert int(row["trial"]) == trial["trial"]
        assert [row[name] for name in trial["values"]] == [str(value) for value in trial["values"].values()]
        for metric in ("accuracy", "loss"):
            assert float(row[f"mean_{metric}"]) == trial["mean"][metric]
            assert float(row[f"sd_{metric}"]) == trial["sd"][metric]
        mine = [other for other in replicates if other["trial"] == row["trial"]]
        assert [float(other["accuracy"]) for other in mine] == [
            replicate["metrics"]["accuracy"] for replicate in trial["replicates"]
        ]
        assert math.fsum(float(other["accuracy"]) for other in mine) / 2 == float(row["mean_accuracy"])


def test_pandas_reads_the_numbers_back_exactly(paper: Snapshot, tmp_path: Path) -> None:
    import pandas as pd

    import hpo_core

    export(paper, tmp_path)
    frame = pd.read_csv(tmp_path / "replicates.csv", converters={"loss": float})
    expected = hpo_core.open_session(PAPER).replicates.reset_index()
    assert set(frame.columns) == set(expected.columns)
    assert frame["loss"].tolist() == expected["loss"].tolist()


@pytest.mark.fault(39)
def test_a_text_that_a_spreadsheet_would_run_is_defused_and_numbers_are_left_alone() -> None:
    assert csv_cell("=cmd()") == "'=cmd()"
    assert [csv_cell(text)[:2] for text in ("+1", "-x", "@a", "\tb")] == ["'+", "'-", "'@", "'\t"]
    assert csv_cell("\rc") == '"\'\rc"'
    assert csv_cell("'=x") == "''=x"
    assert unprotected("''=x") == "'=x"
    assert unprotected("it's") == "it's"
    assert [csv_cell(number) for number in (-0.5, -3, 1e-7, 0.1 + 0.2)] == [
        "-0.5",
        "-3",
        "1e-07",
        "0.30000000000000004",
    ]


def test_what_is_not_there_is_an_empty_cell() -> None:
    assert [csv_cell(cell) for cell in (None, math.nan, math.inf)] == ["", "", ""]


@pytest.mark.fault(39)
def test_hostile_names_are_defused_too(tmp_path: Path) -> None:
    grid = Grid((Hyperparameter('=HYPERLINK("x")', ("@a", "b")),))
    state = SessionState(SessionSpec(DataSpec("import"), grid))
    for trial in (1, 2):
        event = ResultAdopted(trial=trial, replicate=1, status="failed", origin="", reason="=1+1\0")
        state.apply(Envelope(trial, 0, 1.0, event))
    export(state.snapshot(), tmp_path)
    rows = rows_of(tmp_path / "replicates.csv")
    assert rows[0]['\'=HYPERLINK("x")'] == "'@a"
    assert rows[0]["reason"] == "'=1+1␀"


class Failing(Files):
    """A disk on which the n-th call of one kind fails."""

    def __init__(self, call: str, at: int) -> None:
        self.call, self.left = call, at

    def _count(self, call: str) -> None:
        if call == self.call:
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")

    def write(self, fd: int, data: bytes) -> int:
        self._count("write")
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._count("sync")
        super().sync(fd)

    def replace(self, source: Path, target: Path) -> None:
        self._count("replace")
        super().replace(source, target)


@pytest.mark.fault(19)
@pytest.mark.parametrize("call", ["write", "sync", "replace"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_full_disk_leaves_every_old_file_whole(paper: Snapshot, tmp_path: Path, call: str, at: int) -> None:
    old = {path.name: path.read_bytes() for path in export(paper, tmp_path)}
    seen = in_view(paper, Trim().hide("filter_size", 12))
    new = {path.name: path.read_bytes() for path in export(paper, tmp_path / "new", seen)}
    with pytest.raises(SessionError, match="No space left on device"):
        export(paper, tmp_path, seen, files=Failing(call, at))
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert left.keys() == old.keys()
    for name, data in left.items():
        assert data in (old[name], new[name])
    if call != "replace":
        assert left == old


def test_a_folder_that_cannot_be_made_is_named(paper: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionError, match=r"cannot be written to .*file"):
        export(paper, tmp_path / "file" / "exports")
