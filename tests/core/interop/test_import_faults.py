"""Import: every fault in a table is named with file, line and column, and nothing is imported."""

from __future__ import annotations

import codecs
import errno
import gzip
import pickle
from pathlib import Path

import pytest

from hpo_core.errors import SessionError, TableError
from hpo_core.interop.import_table import import_table
from hpo_core.journal.files import Files

HEADER = "rate,name,loss\n"

FAULTS = [
    (
        "a ragged row",
        HEADER + "1,a,0.5\n1,a\n",
        "line 3, column 3 (loss): 2 fields where the header has 3, 1 too few",
    ),
    ("an extra field", HEADER + "1,a,0.5,9\n", "line 2, column 4: 4 fields where the header has 3, 1 too many"),
    (
        "a last line cut at a comma",
        HEADER + "1,a,0.5\n2,",
        "line 3, column 3 (loss): 2 fields where the header has 3, 1 too few",
    ),
    ("no header", "0.1,0.5\n0.2,0.6\n", "line 1: numbers stand where the names of the columns should"),
    ("an open quote", HEADER + '1,"a,0.5\n2,b,1\n', "line 2, column 2: a quote is opened and never closed"),
    ("a stray quote", HEADER + '1,a"b,0.5\n', "line 2, column 2: a quote in the middle of a cell"),
    ("text after a quote", HEADER + '1,"a"b,0.5\n', "line 2, column 2: 'b,0.5' after the closing quote"),
    ("a carriage return", HEADER + "1,a\rb,0.5\n", "line 2, column 2: a carriage return within the line"),
    ("a NUL byte", HEADER + "1,a\0,0.5\n", "line 2, column 2: a NUL byte at byte 4"),
    ("a NUL byte behind a quoted comma", HEADER + '"1,2",a,\0\n', "line 2, column 3: a NUL byte at byte 9"),
    ("a word", HEADER + "1,a,0.5\n1,a,good\n", "line 3, column 3 (loss): 'good' is not a number"),
    ("1e999", HEADER + "1,a,1e999\n", "line 2, column 3 (loss): '1e999' is too large for a number"),
    ("a comma that is none", HEADER + '1,a,"2,5"\n', "line 2, column 3 (loss): '2,5' is not a number"),
    ("an underscore", HEADER + "1,a,1_0\n", "line 2, column 3 (loss): '1_0' is not a number"),
    ("digits of another script", HEADER + "1,a,٣\n", "line 2, column 3 (loss): '٣' is not a number"),
    (
        "1e999 in a column of numbers",
        HEADER + "1,a,0.5\n1e999,a,1\n",
        "line 3, column 1 (rate): '1e999' is too large",
    ),
    (
        "a column named twice",
        "a,loss,a\n1,2,3\n",
        "line 1, column 3 (a): the name stands twice; column 1 has it too",
    ),
    ("a column without a name", "a,,loss\n1,2,3\n", "line 1, column 2: the column has no name"),
    ("no metric column", "a,b\n1,2\n", "line 1: no column is a metric by its name"),
    ("no hyperparameter", "loss,accuracy\n1,2\n", "line 1: every column is a metric"),
    ("no rows", "a,loss\n", "has a header and no rows"),
    ("an empty file", "", "is empty"),
    ("blank lines only", "\n \n", "is empty"),
]


def refused(tmp_path: Path, data: bytes, metrics: list[str] | None = None) -> str:
    file = tmp_path / "results.csv"
    file.write_bytes(data)
    with pytest.raises(TableError) as caught:
        import_table(file, tmp_path / "sessions", "it", metrics)
    assert not (tmp_path / "sessions").exists()
    return str(caught.value)


@pytest.mark.fault(34, 35)
@pytest.mark.parametrize(("text", "sentence"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_the_fault_is_named_and_nothing_is_imported(tmp_path: Path, text: str, sentence: str) -> None:
    message = refused(tmp_path, text.encode())
    assert sentence in message
    assert message.startswith("results.csv")


@pytest.mark.fault(34)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_other_encodings_without_a_mark_are_named_too(tmp_path: Path, encoding: str) -> None:
    message = refused(tmp_path, (HEADER + "1,é,0.5\n").encode(encoding))
    assert f"line 1, column 1: the file is {encoding[:6].upper()}, without a byte order mark" in message


@pytest.mark.fault(34)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_named(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-le": codecs.BOM_UTF16_LE}.get(encoding, b"")
    message = refused(tmp_path, mark + (HEADER + "1,a,0.5\n").encode(encoding))
    assert f"line 1, column 1: the file is {encoding[:6].upper()}; save it as UTF-8" in message


@pytest.mark.parametrize(
    ("begins", "what"),
    [
        (b"PK\x03\x04\x14\0", "an Excel workbook or another zip file; save its sheet as CSV"),
        (gzip.compress(b"lr,loss\n1,2\n"), "packed by gzip; unpack it"),
        (pickle.dumps({"lr": [1]}), "a Python pickle, which can run code"),
        (b"<table><tr><td>lr</td></tr></table>\n", "a web page or XML; save its table as CSV"),
    ],
    ids=["workbook", "gzip", "pickle", "web page"],
)
def test_what_is_no_table_is_named_with_what_makes_one_of_it(tmp_path: Path, begins: bytes, what: str) -> None:
    assert refused(tmp_path, begins).startswith(f"results.csv is {what}")


def test_bytes_that_are_no_utf_8_are_named_with_their_line(tmp_path: Path) -> None:
    assert "line 2, column 2: byte 4 is not UTF-8" in refused(
        tmp_path, HEADER.encode() + "1,aä,0.5\n".encode("latin-1")
    )


def test_a_metric_that_is_not_a_column_is_named_with_those_that_are(tmp_path: Path) -> None:
    message = refused(tmp_path, (HEADER + "1,a,0.5\n").encode(), ["f1"])
    assert "line 1: there is no column 'f1'; there are rate, name, loss" in message


def test_hostile_cells_are_shown_literally(tmp_path: Path) -> None:
    message = refused(tmp_path, (HEADER + "1,a,\x1b[31m[@click=app.bell]\u202e\n").encode())
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert "␛[31m[@click=app.bell]<U+202E>" in message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"There is no file .*none\.csv"):
        import_table(tmp_path / "none.csv", tmp_path, "it")
    with pytest.raises(TableError, match="is a folder"):
        import_table(tmp_path, tmp_path, "it")


OWN = "trial,rate,replicate,attempt,seed,status,last_epoch,seconds,reason,origin,loss\n"
OWN_FAULTS = [
    ("cut off", OWN + "1,2,1,1,,complete,3,0.5,,,0.25", "line 2, column 11 (loss): the last line has no line end"),
    ("twice", OWN + "1,2,1,1,,complete,3,0,,,1\n" * 2, "line 3, column 7 (last_epoch): a second row of the same"),
    ("status", OWN + "1,2,1,1,,done,3,0,,,1\n", "line 2, column 6 (status): 'done' is no status"),
    ("replicate", OWN + "1,2,x,1,,complete,3,0,,,1\n", "line 2, column 3 (replicate): 'x' is not a whole number"),
    ("trial", OWN + "0,2,1,1,,complete,3,0,,,1\n", "line 2, column 1 (trial): '0' is not a whole number from 1"),
    (
        "other values",
        OWN + "1,2,1,1,,complete,3,0,,,1\n1,3,2,1,,complete,3,0,,,1\n",
        "line 3, column 1 (trial): trial 1 and its values do not agree with a line above",
    ),
    (
        "far replicate",
        OWN + f"1,2,{10**15},1,,complete,3,0,,,1\n",
        "line 2, column 3 (replicate): a replicate far",
    ),
    ("metric", OWN + "1,2,1,1,,complete,3,0,,,NA\n", "line 2, column 11 (loss): 'NA' is not a number"),
]


@pytest.mark.parametrize(("text", "sentence"), [f[1:] for f in OWN_FAULTS], ids=[f[0] for f in OWN_FAULTS])
def test_a_damaged_export_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in refused(tmp_path, text.encode())


def test_trials_csv_is_refused_with_the_file_to_use(tmp_path: Path) -> None:
    text = "trial,rate,status,replicates,complete,mean_loss,sd_loss\n1,2,complete,1,1,0.5,\n"
    assert "import the replicates.csv or epochs.csv beside it" in refused(tmp_path, text.encode())


def test_an_epoch_that_is_missing_is_named(tmp_path: Path) -> None:
    own = OWN.replace("last_epoch", "epoch")
    text = own + "1,2,1,1,,complete,1,0,,,1\n1,2,1,1,,complete,3,0,,,1\n"
    assert "line 3, column 7 (epoch): epoch 3 after epoch 1" in refused(tmp_path, text.encode())


def test_the_name_of_a_session_that_exists_is_refused_and_that_session_kept(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text(HEADER + "1,a,0.5\n")
    table = import_table(file, tmp_path, "it")
    before = (table.folder.path / "journal.jsonl").read_bytes()
    with pytest.raises(SessionError, match="already"):
        import_table(file, tmp_path, "it")
    with pytest.raises(SessionError, match="cannot name a session"):
        import_table(file, tmp_path, "../it")
    assert (table.folder.path / "journal.jsonl").read_bytes() == before


class FullDisk(Files):
    """A disk with room for so many writes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes) -> int:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(fd, data)


@pytest.mark.parametrize("room", range(4))
def test_a_full_disk_leaves_no_half_session(tmp_path: Path, room: int) -> None:
    file = tmp_path / "results.csv"
    file.write_text(HEADER + "1,a,0.5\n2,a,0.5\n3,a,0.5\n")
    with pytest.raises(SessionError, match="No space left on device"):
        import_table(file, tmp_path / "sessions", "it", files=FullDisk(room))
    assert list((tmp_path / "sessions").iterdir()) == []
