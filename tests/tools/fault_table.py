"""Which fault of faults/faults.toml was really shown: a pytest plugin.

A test carries the numbers of the faults that it shows, ``@pytest.mark.fault(7)``. A fault is shown by a run in
which at least one of its tests passed and none failed. A run of all tests fails where one is not shown; so does
any run with ``--faults``, which prints the whole table: fault, tests, outcomes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

ROWS: dict[int, dict[str, str]] = {
    int(number): row
    for number, row in tomllib.loads(
        (Path(__file__).parents[1] / "faults" / "faults.toml").read_text(encoding="utf-8")
    ).items()
}

Outcome = Literal["failed", "skipped", "passed", "not run"]
ORDER: tuple[Outcome, ...] = ("failed", "not run", "skipped", "passed")
"""What a test's cases come to together: the first of these that one of them has."""


@dataclass
class FaultTable:
    """The marks as collected (test case -> faults) and what came of each case; with xdist, of all workers."""

    marks: dict[str, list[int]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def tests_of(self, number: int) -> dict[str, Outcome]:
        """Return the tests of a fault, their cases taken together, with their outcomes."""
        cases: dict[str, list[Outcome]] = {}
        for case, numbers in self.marks.items():
            if number in numbers:
                cases.setdefault(case.split("[")[0], []).append(self.outcomes.get(case, "not run"))
        return {test: min(found, key=ORDER.index) for test, found in cases.items()}

    def not_shown(self) -> list[int]:
        """Return the faults of which no test passed, or one failed."""
        found = {number: set(self.tests_of(number).values()) for number in ROWS}
        return [number for number, outcomes in found.items() if "passed" not in outcomes or "failed" in outcomes]

    def lines(self, numbers: Iterable[int]) -> Iterator[str]:
        """Say of these faults what is to be seen, and what came of their tests."""
        for number in numbers:
            yield f"{number:>3}  {ROWS[number]['fault']}: {ROWS[number]['sees']}"
            for test, outcome in self.tests_of(number).items() or {"no test": "not run"}.items():
                yield f"       {outcome:<8} {test}"


class FaultPlugin:
    """Fills the table in every process, and tells what is not shown in the one that a person sees."""

    def __init__(self, config: pytest.Config) -> None:
        self.table = FaultTable()
        self.asked: bool = config.getoption("faults")
        self.no_file_named = config.args_source is not pytest.Config.ArgsSource.ARGS

    @property
    def judged(self) -> bool:
        """Whether this run has to show every fault: it was asked to, or nothing was left out."""
        everything = self.no_file_named and self.table.marks.keys() <= self.table.outcomes.keys()
        return self.asked or everything

    @pytest.hookimpl(tryfirst=True)  # before -k and -m take tests out
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take down which test shows which faults."""
        for item in items:
            numbers = [number for mark in item.iter_markers("fault") for number in mark.args]
            if unknown := set(numbers) - set(ROWS):
                raise pytest.UsageError(f"{item.nodeid}: faults.toml has no row {unknown}.")
            if numbers:
                self.table.marks[item.nodeid] = numbers

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down what came of a test: the worst of its beginning, itself and its end."""
        before = self.table.outcomes.get(report.nodeid, "passed")
        self.table.outcomes[report.nodeid] = min(before, report.outcome, key=ORDER.index)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over which tests there are from a worker: with xdist they alone collect."""
        self.table.marks |= getattr(node, "workeroutput", {}).get("faults", {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the marks on from a worker; else fail a run that had to show every fault and did not."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["faults"] = self.table.marks
        elif session.exitstatus == pytest.ExitCode.OK and self.judged and self.table.not_shown():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, if it was asked for, and the rows that were not shown."""
        missing = self.table.not_shown() if self.judged else []
        if self.asked:
            terminalreporter.section("faults")
            terminalreporter.write_line("\n".join(self.table.lines(ROWS)))
        if missing:
            terminalreporter.section(f"{len(missing)} of {len(ROWS)} faults not shown", red=True)
            terminalreporter.write_line("\n".join(self.table.lines(missing)))
