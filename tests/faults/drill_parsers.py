"""Anything at all for every parser: it is read, or refused in one sentence; it never becomes something else."""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from drill_tools import Figures, finished_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpo_core.errors import FilterError, HpoError, JournalError, SessionError, SpecError, TableError
from hpo_core.events import Envelope, EpochEnded, Noted
from hpo_core.filter import compile_filter
from hpo_core.interop.csv_reader import read_table
from hpo_core.interop.own_table import is_own, read_own
from hpo_core.interop.plain_table import read_plain
from hpo_core.interop.trainings import spec_of
from hpo_core.journal import decode_record, encode_record
from hpo_core.session import check_name, read_session
from hpo_core.spec import SessionSpec
from hpo_core.state import Snapshot

HOSTILE = [
    "[/]",
    "[@click=app.exit]x[/]",
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\u202e",
    "\u200b",
    "a" * 300,
    "=cmd()",
    "\0",
]
WORDS = st.one_of(st.text(max_size=40), st.sampled_from(HOSTILE))
TOML_PIECES = [
    "[data]", "[grid]", "[fixed]", "[session]", 'source = "fruit"', "classes = 4", "learning_rate = [1e-4, 1e-3]",
    "filters = [12, 24]", "filters = 1e999", "epochs = 0", "epochs = true", "batch_size = nan",
    "loss = ['poisson']",
    "replicates = 99999999999", "objective = 'val_accuracy'", "objective = '\\u001b[2J'", "image_size = [0, -1]",
    "[grid.deeper]", "x = [[1], [2]]", "optimizer = ['adam', 1]", "jit = 'yes'", "path = '/etc/passwd'", "=", '"',
]  # fmt: skip
CELLS = [
    "0.5",
    "1e-3",
    "NA",
    "1e999",
    "inf",
    "-",
    '"',
    '""',
    "a,b",
    "=cmd()",
    "\r",
    "lr",
    "loss",
    "loss",
    "accuracy",
    "",
]
FILTER_PIECES = [
    "learning_rate", "filters", "val_accuracy", "loss", "<", "<=", "=", "!=", ">", ">=", "and", "or", "not",
    "(", ")", "in", ",", "1e-4", "24", "1e999", "--1", "'x'", "'", "\x1b[2J", "status", "trial",
]  # fmt: skip


def specs(text: str) -> None:
    """A spec is read and says the same when written and read again, or is refused."""
    try:
        spec = SessionSpec.parse(text)
    except SpecError as error:
        assert_sentence(error)
    else:
        assert SessionSpec.parse(spec.to_toml()) == spec


def tables(data: bytes) -> None:
    """A table becomes trainings with finite numbers only, or is refused with its place."""
    path = a_file()
    path.write_bytes(data)
    try:
        raw = read_table(path)
        table = read_own(raw) if is_own(raw) else read_plain(raw, None)
        spec_of(table)
    except (TableError, SpecError) as error:
        assert_sentence(error)
    else:
        numbers = [value for training in table.trainings for row in training.epochs for value in row.values()]
        assert all(value is None or math.isfinite(value) for value in numbers)


def records(data: bytes) -> None:
    """A line is a record that is written back as the very same bytes, or it is refused."""
    try:
        record = decode_record(data)
    except JournalError:
        return
    assert decode_record(encode_record(record)[:-1]) == record


def filter_lines(text: str) -> None:
    """A line keeps some of the trials, or is refused; nothing in it runs."""
    snapshot = a_snapshot()
    try:
        kept = compile_filter(text, snapshot).mask(snapshot)
    except FilterError as error:
        assert_sentence(error)
    else:
        assert len(kept) == len(snapshot.spec.grid)


def session_names(name: str) -> None:
    """A name stays inside its folder and is nothing to a shell or a terminal, or is refused with the rule."""
    try:
        passed = check_name(name)
    except SessionError as error:
        assert_sentence(error)
    else:
        assert passed == name
        assert (Path("sessions") / passed).parent == Path("sessions")
        assert 1 <= len(passed) <= 64
        assert passed.isascii()
        assert passed[0].isalnum()
        assert not set(passed) - set("._-") - set(filter(str.isalnum, passed))


def assert_sentence(error: HpoError) -> None:
    """What a person is told is one harmless line, and no novel."""
    text = str(error)
    assert text.endswith((".", ")", "?"))
    assert "Traceback" not in text
    assert len(text) < 2000
    assert all(char.isprintable() for char in text), repr(text)


@cache
def a_file() -> Path:
    """A file to read from, in a folder that is taken away at the end."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return folder / "table.csv"


@cache
def a_snapshot() -> Snapshot:
    """A session with results to filter."""
    with tempfile.TemporaryDirectory() as folder:
        return read_session(finished_session(Path(folder), "filtered"))


def damaged_records() -> st.SearchStrategy[bytes]:
    """Records as they are written, some with a stretch of bytes replaced, and any bytes at all."""
    whole = st.builds(
        lambda seq, loss, text: encode_record(
            Envelope(seq, 1, 0.5, EpochEnded(trial=1, replicate=1, attempt=1, epoch=1, metrics={text: loss}))
        )[:-1],
        st.integers(0, 2**53),
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        WORDS.filter(lambda text: text.isprintable()),
    )
    noted = st.builds(
        lambda text: encode_record(Envelope(1, 1, 0.0, Noted(level="info", text=text)))[:-1],
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    )
    cut = st.builds(
        lambda line, at, put: line[: at % len(line)] + put + line[at % len(line) + len(put) :],
        st.one_of(whole, noted), st.integers(0, 400), st.binary(max_size=6),
    )  # fmt: skip
    return st.one_of(whole, noted, cut, st.binary(max_size=200))


def csv_files() -> st.SearchStrategy[bytes]:
    """Tables that are almost right, in several encodings, and any bytes at all."""
    row = st.lists(st.sampled_from(CELLS) | WORDS, min_size=1, max_size=4).map(",".join)
    text = st.lists(row, min_size=1, max_size=6).map("\n".join)
    encoded = st.builds(
        lambda body, encoding: body.encode(encoding, "replace"),
        text,
        st.sampled_from(["utf-8", "utf-16", "latin-1"]),
    )
    return st.one_of(encoded, st.binary(max_size=120))


PARSERS: dict[str, tuple[Callable[..., None], st.SearchStrategy[object]]] = {
    "spec": (specs, st.one_of(WORDS, st.lists(st.sampled_from(TOML_PIECES), max_size=9).map("\n".join))),
    "CSV": (tables, csv_files()),
    "journal": (records, damaged_records()),
    "filter line": (
        filter_lines, st.one_of(WORDS, st.lists(st.sampled_from(FILTER_PIECES), max_size=9).map(" ".join))
    ),
    "session name": (
        session_names,
        st.one_of(WORDS, st.text("abcXYZ019._-/ ", max_size=70), st.sampled_from(["../x", "/etc", ".."])),
    ),
}  # fmt: skip


def feed(parser: str, cases: int) -> Figures:
    """Give a parser ``cases`` inputs; a wrong answer raises."""
    check, inputs = PARSERS[parser]
    count = [0]

    def counted(case: object) -> None:
        count[0] += 1
        check(case)

    limits = settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    limits(given(case=inputs)(counted))()
    return Figures(f"anything in a {parser}", count[0])
