"""Anything for every parser: it is read, and the same when written and read again, or refused in a sentence."""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import drill_inputs as inputs
from drill_inputs import PIECES, WORDS, changed
from drill_tools import Figures, finished_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpo_core.errors import FilterError, HpoError, JournalError, SessionError, SpecError, TableError
from hpo_core.interop.csv_format import read_csv
from hpo_core.interop.trainings import Trainings, events_of, spec_of
from hpo_core.journal.events import Envelope
from hpo_core.journal.records import decode_record, encode_record
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.filter import compile_filter
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.session.store import check_name


def specs(text: str) -> bool:
    """A spec is read and says the same when written and read again, or is refused."""
    try:
        spec = SessionSpec.parse(text)
    except SpecError as error:
        return refused(error)
    assert SessionSpec.parse(spec.to_toml()) == spec
    return True


def tables(data: bytes) -> bool:
    """A table becomes trainings with finite numbers, which an export holds too, or is refused with its place."""
    path = a_file()
    path.write_bytes(data)
    try:
        table = read_csv(path)
        spec = spec_of(table)
    except (TableError, SpecError) as error:
        return refused(error)
    numbers = [value for training in table.trainings for row in training.epochs for value in row.values()]
    assert all(value is None or math.isfinite(value) for value in numbers)
    snapshot = _session_of(table, spec)
    path.write_bytes(inputs.exported(snapshot)[0].encode("utf-8", "backslashreplace"))
    again = read_csv(path)
    assert _facts(_session_of(again, spec_of(again))) == _facts(snapshot)
    return True


def _session_of(table: Trainings, spec: SessionSpec) -> Snapshot:
    state = SessionState(spec)
    for seq, event in enumerate(events_of(table, spec), 1):
        state.apply(Envelope(seq, 0, 1.0, event))
    return state.snapshot()


def _facts(snapshot: Snapshot) -> list[Any]:
    """What of a session its replicates.csv holds, but for where it comes from."""
    return [
        (
            key.trial,
            {**snapshot.spec.values_of(key.trial)},
            key.replicate,
            entry.status,
            entry.seed,
            entry.had,
            entry.seconds,
            entry.reason,
            {name: entry.metric(name) for name in snapshot.metrics},
        )
        for key, entry in sorted(snapshot.replicates.items(), key=lambda item: (item[0].trial, item[0].replicate))
    ]


def records(data: bytes) -> bool:
    """A line is a record that is written back as the very same bytes, or it is refused."""
    try:
        record = decode_record(data)
    except JournalError as error:
        return refused(error, whole=False)
    assert encode_record(record)[:-1] == data
    return True


def filter_lines(text: str) -> bool:
    """A line keeps some of the trials, and the same when it is written and read again, or is refused."""
    snapshot = a_snapshot()
    try:
        line = compile_filter(text, snapshot)
    except FilterError as error:
        return refused(error)
    kept = line.mask(snapshot)
    assert len(kept) == len(snapshot.spec.grid)
    again = compile_filter(str(line), snapshot)
    assert (str(again), again.mask(snapshot).tolist()) == (str(line), kept.tolist())
    return True


def session_names(name: str) -> bool:
    """A name stays inside its folder and is nothing to a shell or a terminal, or is refused with the rule."""
    try:
        passed = check_name(name)
    except SessionError as error:
        return refused(error)
    assert passed == name
    assert (Path("sessions") / passed).parent == Path("sessions")
    assert 1 <= len(passed) <= 64
    assert passed.isascii()
    assert passed[0].isalnum()
    assert not set(passed) - set("._-") - set(filter(str.isalnum, passed))
    return True


def refused(error: HpoError, whole: bool = True) -> bool:
    """What a person is told is one harmless line, and no novel; False."""
    text = str(error)
    assert not whole or text.endswith((".", ")", "?"))
    assert "Traceback" not in text
    assert len(text) < 2000
    assert all(char.isprintable() for char in text), repr(text)
    return False


@cache
def a_file() -> Path:
    """A file to read from, in a folder that is taken away at the end."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return folder / "table.csv"


@cache
def a_snapshot() -> Snapshot:
    """A session with results to filter and to export."""
    with tempfile.TemporaryDirectory() as folder:
        return read_session(finished_session(Path(folder), "filtered"))


_BYTES = st.binary(max_size=6)

PARSERS: dict[str, tuple[Callable[[Any], bool], st.SearchStrategy[Any]]] = {
    "spec": (specs, st.one_of(changed(inputs.specs(), PIECES), changed(inputs.specs(), PIECES), WORDS)),
    "CSV": (tables, st.one_of(inputs.tables(a_snapshot), inputs.tables(a_snapshot), st.binary(max_size=120))),
    "journal": (records, st.one_of(changed(inputs.records(), _BYTES), st.binary(max_size=200))),
    "filter line": (
        filter_lines,
        st.one_of(changed(inputs.filter_lines(), PIECES), changed(inputs.filter_lines(), PIECES), WORDS),
    ),
    "session name": (session_names, st.one_of(changed(inputs.session_names(), PIECES), WORDS)),
}


def feed(parser: str, cases: int) -> Figures:
    """Give a parser ``cases`` inputs; a wrong answer raises."""
    check, given_inputs = PARSERS[parser]
    read: list[bool] = []

    def counted(case: Any) -> None:
        read.append(check(case))

    limits = settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    limits(given(case=given_inputs)(counted))()
    return Figures(f"anything in a {parser}", len(read), wrong=0, note=f"{sum(read):,} of {len(read):,} read")
