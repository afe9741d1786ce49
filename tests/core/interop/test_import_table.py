"""Import: what a table becomes, as a session; what goes out by export comes back the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpo_core.errors import HpoError, TableError
from hpo_core.interop.csv_format import csv_line
from hpo_core.interop.csv_reader import read_table
from hpo_core.interop.export import export
from hpo_core.interop.import_table import ImportedTable, import_table
from hpo_core.journal.events import Envelope, ResultAdopted
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter, JobKey
from hpo_core.plan.metrics import Objective
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import at_last
from hpo_core.results.show_json import show_json
from hpo_core.results.table import table_of
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.text import clean

PLAIN = "rate, units, accuracy\n1e-3,12,0.5\n1e-3,24,0.75\n1e-3,12,0.25\n1e-4,24,0.5\n"


def imported(tmp_path: Path, text: str, name: str = "one", metrics: list[str] | None = None) -> ImportedTable:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode())
    return import_table(file, tmp_path / "sessions", name, metrics)


def snapshot_of(tmp_path: Path, text: str, metrics: list[str] | None = None) -> Snapshot:
    return read_session(imported(tmp_path, text, metrics=metrics).folder)


def test_rows_with_the_same_values_are_replicates_of_one_trial(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, PLAIN)
    scores = table_of(snapshot).scores(at_last("accuracy"))
    grid = snapshot.spec.grid
    assert [
        (trial.values, snapshot.replicate_count(trial.number), scores.mean[trial.number - 1])
        for trial in grid.trials()
    ] == [
        ({"rate": 0.0001, "units": 24}, 1, 0.5),
        ({"rate": 0.001, "units": 12}, 2, 0.375),
        ({"rate": 0.001, "units": 24}, 1, 0.75),
    ]
    assert snapshot.replicate(JobKey(2, 2)).origin == "table.csv, line 4"
    assert snapshot.trainings == 4
    assert snapshot.finished


def test_numbers_ascend_and_texts_keep_their_order(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, "rate,opt,loss\n10,sgd,1\n9,adam,1\n10,adam,1\n9,sgd,1\n")
    assert snapshot.spec.grid.hyperparameters == (
        Hyperparameter("rate", (9, 10)),
        Hyperparameter("opt", ("sgd", "adam")),
    )
    assert snapshot.spec.grid.listed is None
    assert [entry.origin[-1] for entry in snapshot.replicates.values()] == ["2", "3", "4", "5"]
    assert snapshot.spec.grid[1].values == {"rate": 9, "opt": "sgd"}


def test_a_hyperparameter_with_one_value_is_fixed_unless_nothing_else_is_left(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, "rate,epochs,accuracy\n1,7,0.5\n2,7,0.5\n")
    assert (snapshot.spec.grid.names, dict(snapshot.spec.fixed)) == (("rate",), {"epochs": 7})
    assert [entry.epochs[-1].number for entry in snapshot.replicates.values()] == [7, 7]
    alone = read_session(imported(tmp_path, "rate,opt,accuracy\n1,a,0.5\n1,a,0.6\n", "alone").folder)
    assert (alone.spec.grid.names, dict(alone.spec.fixed)) == (("rate",), {"opt": "a"})
    assert alone.spec.replicates == 2


def test_an_empty_metric_cell_is_a_training_without_a_result_and_is_counted(tmp_path: Path) -> None:
    table = imported(tmp_path, "rate,loss,accuracy\n1,0.5,0.7\n1,,\n2,0.25,\n2,0.5,0.9\n")
    assert (table.trials, table.trainings, table.without_result) == (2, 4, 2)
    assert table.in_words() == "2 trials, 4 trainings, 2 of them without a result"
    snapshot = read_session(table.folder)
    assert snapshot.counts["failed"] == 2
    reasons = [entry.reason for entry in snapshot.replicates.values()]
    assert reasons == ["", "no result in the table", "no accuracy in the table", ""]
    assert table_of(snapshot).scores(at_last("accuracy")).mean.tolist() == [0.7, 0.9]


@pytest.mark.parametrize(
    ("header", "objective"),
    [
        ("x,loss,val_loss,accuracy,val_accuracy", Objective("val_accuracy", "max")),
        ("x,loss,val_loss,accuracy", Objective("accuracy", "max")),
        ("x,loss,val_loss", Objective("val_loss", "min")),
        ("x,loss,mae", Objective("loss", "min")),
        ("x,val_f1,auc", Objective("val_f1", "max")),
    ],
)
def test_the_objective_is_the_first_known_metric(tmp_path: Path, header: str, objective: Objective) -> None:
    row = ",".join(str(n) for n in range(len(header.split(","))))
    assert snapshot_of(tmp_path, f"{header}\n{row}\n").spec.objective == objective


def test_metrics_can_be_named(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, "loss,score\npoisson,1\nmse,2\n", ["score"])
    assert snapshot.spec.grid.hyperparameters == (Hyperparameter("loss", ("poisson", "mse")),)
    assert snapshot.spec.objective == Objective("score", "max")


def test_quotes_blanks_line_ends_and_a_byte_order_mark_are_read_as_they_are_meant(tmp_path: Path) -> None:
    text = '\ufeff"rate" , text ,accuracy\r\n1,"a, ""b""\nc", 0.5\r\n 2 , d ,.5e0\r\n'
    snapshot = snapshot_of(tmp_path, text)
    assert snapshot.spec.grid.hyperparameters == (
        Hyperparameter("rate", (1, 2)),
        Hyperparameter("text", ('a, "b"\nc', "d")),
    )
    assert [entry.origin for entry in snapshot.replicates.values()] == ["table.csv, line 2", "table.csv, line 4"]


def test_a_table_of_a_random_search_lists_its_trials(tmp_path: Path) -> None:
    lines = "".join(f"{n / 7},{n % 13},{n / 1000}\n" for n in range(500))
    snapshot = snapshot_of(tmp_path, f"rate,units,accuracy\n{lines}")
    assert (len(snapshot.spec.grid), len(snapshot.spec.grid.listed or ())) == (500, 500)
    assert snapshot.spec.grid.codes.shape == (500, 2)


def test_twenty_thousand_rows_are_imported(tmp_path: Path) -> None:
    lines = "".join(f"{n % 50},{n // 50 % 40},x{n // 2000 % 10},0.{n}\n" for n in range(20_000))
    table = imported(tmp_path, f"a,b,c,accuracy\n{lines}")
    assert (table.trials, table.trainings) == (20_000, 20_000)


# There and back ----------------------------------------------------------------------------------------------


def trained() -> Snapshot:
    """A session with every status, two epochs each, awkward texts and a metric named as a hyperparameter."""
    factors = (
        Hyperparameter("learning_rate", (0.01, 0.0001)),
        Hyperparameter("loss", ("=cmd()", "12", " b,\n'", "'=x")),
        Hyperparameter("seed", (-3, 5)),
    )
    spec = SessionSpec(DataSpec("import"), Grid(factors), {"epochs": 2, "note": ""}, replicates=2)
    state = SessionState(spec)
    statuses = ("complete", "failed", "diverged", "stopped", "complete")
    for seq, key in enumerate(spec.grid.jobs(2)):
        status = statuses[seq % 5]
        event = ResultAdopted(
            trial=key.trial,
            replicate=key.replicate,
            status=status,  # type: ignore[arg-type]
            origin="elsewhere",
            epochs=({"loss": 0.1 * seq, "val_accuracy": 1 / 3}, {"loss": 1e-7, "val_accuracy": seq / 17}),
            last_epoch=2,
            seconds=0.1 + seq,
            seed=2**31 - 1 - key.replicate,
            reason="" if status == "complete" else '-1 is no, "size"\nat all',
        )
        state.apply(Envelope(seq + 1, 0, 1.0, event))
    return state.snapshot()


def told(snapshot: Snapshot, epochs: bool) -> object:
    """Everything that a round trip keeps: results, seeds, reasons, epochs; not where they came from."""
    return [
        (
            trial["values"],
            trial["mean"],
            trial["sd"],
            [
                (
                    entry.key,
                    entry.status,
                    entry.seed,
                    entry.reason,
                    [dict(epoch.metrics) for epoch in (entry.epochs if epochs else entry.epochs[-1:])],
                    [epoch.number for epoch in (entry.epochs if epochs else entry.epochs[-1:])],
                    [epoch.seconds for epoch in entry.epochs if epochs],
                )
                for entry in snapshot.replicates_of(trial["trial"])
            ],
        )
        for trial in show_json("", snapshot)["trials"]
    ]


@pytest.mark.parametrize(("file", "epochs"), [("replicates.csv", False), ("epochs.csv", True)])
def test_import_reads_back_what_export_wrote(tmp_path: Path, file: str, epochs: bool) -> None:
    before = trained()
    export(before, tmp_path / "out")
    table = import_table(tmp_path / "out" / file, tmp_path, "again")
    after = read_session(table.folder)
    assert after.spec.grid == before.spec.grid
    assert (after.spec.fixed, after.spec.replicates) == (before.spec.fixed, 2)
    assert told(after, epochs) == told(before, epochs)
    if not epochs:
        seconds = [entry.seconds for entry in after.replicates.values()]
        assert sorted(seconds) == sorted(entry.seconds for entry in before.replicates.values())


def test_an_exported_import_is_the_same_session_again(tmp_path: Path) -> None:
    first = snapshot_of(tmp_path, PLAIN)
    export(first, tmp_path)
    again = read_session(import_table(tmp_path / "replicates.csv", tmp_path / "sessions", "again").folder)
    assert again.spec == first.spec
    assert show_json("x", again)["trials"] == show_json("x", first)["trials"]


def test_a_trimmed_export_is_a_smaller_grid(tmp_path: Path) -> None:
    before = trained()
    export(before, tmp_path, in_view(before, Trim().hide("learning_rate", 0.01)))
    after = read_session(import_table(tmp_path / "replicates.csv", tmp_path, "smaller").folder)
    assert after.spec.grid == Grid(before.spec.grid.hyperparameters[1:])
    assert after.spec.fixed["learning_rate"] == 0.0001


def test_trainings_that_had_not_ended_come_back_as_stopped(tmp_path: Path) -> None:
    spec = SessionSpec(DataSpec("fruit"), Grid((Hyperparameter("filters", (12, 24)),)), replicates=1)
    export(SessionState(spec).snapshot(), tmp_path)
    after = read_session(import_table(tmp_path / "replicates.csv", tmp_path, "early").folder)
    assert [(entry.status, entry.reason) for entry in after.replicates.values()] == [
        ("stopped", "was waiting when it was exported")
    ] * 2


def test_a_replicate_taken_out_by_hand_is_not_invented(tmp_path: Path) -> None:
    export(snapshot_of(tmp_path, PLAIN), tmp_path)
    file = tmp_path / "replicates.csv"
    lines = file.read_text().splitlines(keepends=True)
    del lines[2]
    file.write_text("".join(lines))
    after = read_session(import_table(file, tmp_path / "sessions", "again").folder)
    assert [(entry.status, entry.reason) for entry in after.replicates_of(2)] == [
        ("stopped", "not in the table"),
        ("complete", ""),
    ]
    assert table_of(after).scores(at_last("accuracy")).mean[1] == 0.25


cells = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_every_cell_is_written_so_that_it_reads_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]
) -> None:
    from hpo_core.interop.cell_values import unprotected

    file = tmp_path_factory.getbasetemp() / "cells.csv"
    file.write_bytes(("one,two\n" + "".join(map(csv_line, rows))).encode())  # type: ignore[arg-type]
    table = read_table(file)
    for row, raw in zip(rows, table.rows, strict=True):
        for place, cell in enumerate(row):
            text = raw.cells[place]
            if isinstance(cell, str):
                assert unprotected(text) == cell
                assert text[:1] not in ("=", "+", "-", "@", "\t", "\r")
            else:
                assert place not in raw.quoted
                assert type(cell)(text) == cell


hostile = st.one_of(
    st.binary(max_size=80),
    st.text(alphabet='ab,"\r\n \t\0;1.eE-=loss_vaccury\ufeff', max_size=80).map(str.encode),
    st.lists(
        st.sampled_from(["a", "loss", "1", "1e999", "NA", '"', ",", "\n", "x", "", "-", "nan"]), max_size=24
    ).map(lambda parts: ("a,loss\n" + "".join(parts)).encode()),
)


@settings(max_examples=250, deadline=None)
@given(data=hostile)
def test_whatever_is_in_a_file_it_imports_or_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    half = len(data) // 2
    for part in (data, data[:half], data[half:]):
        file = tmp_path_factory.getbasetemp() / "hostile.csv"
        file.write_bytes(part)
        try:
            table = read_table(file)
        except TableError as error:
            assert_is_one_line(error)
        else:
            assert all(len(row.cells) == len(table.header.cells) for row in table.rows)


@settings(max_examples=100, deadline=None)
@given(data=hostile)
def test_what_is_refused_leaves_nothing_behind(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    base = tmp_path_factory.mktemp("hostile")
    file = base / "hostile.csv"
    file.write_bytes(data)
    try:
        table = import_table(file, base / "sessions", "it")
    except TableError as error:
        assert_is_one_line(error)
        assert not (base / "sessions").exists()
    else:
        assert read_session(table.folder).trainings == table.trainings


def assert_is_one_line(error: HpoError) -> None:
    assert clean(error) == str(error)
    assert str(error).endswith(".")
