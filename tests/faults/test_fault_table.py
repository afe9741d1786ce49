"""The table of faults: a row is shown by tests that ran and passed, never by their names alone."""

from __future__ import annotations

import pytest
from fault_table import ROWS, FaultTable, Outcome

ALL = {f"test_{number}": [number] for number in ROWS}


def test_the_rows_stand_in_the_order_of_their_numbers_and_each_says_what_is_seen() -> None:
    assert list(ROWS) == sorted(ROWS)
    assert all(row["fault"] and row["sees"] for row in ROWS.values())


def test_where_every_test_passed_every_row_is_shown() -> None:
    assert FaultTable(ALL, dict.fromkeys(ALL, "passed")).not_shown() == []


@pytest.mark.parametrize("outcome", ["failed", "skipped", "not run"])
def test_a_row_whose_only_test_did_not_pass_is_named(outcome: Outcome) -> None:
    table = FaultTable(ALL, {**dict.fromkeys(ALL, "passed"), "test_7": outcome})
    assert table.not_shown() == [7]
    assert [line.split() for line in table.lines([7])][1:] == [[*outcome.split(), "test_7"]]


def test_a_row_without_a_test_is_named() -> None:
    marks = {test: numbers for test, numbers in ALL.items() if numbers != [9]}
    assert FaultTable(marks, dict.fromkeys(ALL, "passed")).not_shown() == [9]


@pytest.mark.parametrize(("other", "missing"), [("skipped", []), ("failed", [7])])
def test_a_second_test_may_be_skipped_and_may_not_fail(other: Outcome, missing: list[int]) -> None:
    marks, outcomes = {**ALL, "test_more": [7, 8]}, {**dict.fromkeys(ALL, "passed"), "test_more": other}
    assert [number for number in FaultTable(marks, outcomes).not_shown() if number != 8] == missing


def test_one_case_that_did_not_run_counts_for_its_test() -> None:
    table = FaultTable({"test_it[a]": [7], "test_it[b]": [7]}, {"test_it[a]": "passed"})
    assert table.tests_of(7) == {"test_it": "not run"}
