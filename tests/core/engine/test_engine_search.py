"""Searches through the engine: trials are added as it goes, hopeless ones pruned, and kill -9 costs nothing."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import (
    AdviseValues,
    AttemptStarted,
    EngineOptions,
    Job,
    JobStarted,
    Progress,
    TrialsAdded,
    WorkerEvent,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.plan import plans, racing
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.plans import PLANS
from hpo_core.plan.spec import SearchSpec, SessionSpec
from hpo_core.refine.proposal import propose
from hpo_core.results.advice import asked_for
from hpo_core.results.trim import parse_hides
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import create

SPEC = """
[data]
source = "fruit"
classes = 4
[grid]
learning_rate = {{low = 1e-4, high = 0.1, scale = "log"}}
filters = {{low = 4, high = 32, step = 4}}
optimizer = ["adam", "sgd"]
[fixed]
epochs = 9
[session]
replicates = 2
[search]
plan = "{plan}"
trials = 12
pruner = "{pruner}"
"""
SEARCHES = [name for name, facts in PLANS.items() if facts.module]


def new(tmp_path: Path, plan: str, pruner: str = "none", name: str = "one") -> SessionFolder:
    pytest.importorskip(PLANS[plan].needs or "hpo_core")
    return create(tmp_path / "sessions", name, SessionSpec.parse(SPEC.format(plan=plan, pruner=pruner)))


def train(folder: SessionFolder, script: Callable[[Job], Iterator[WorkerEvent]] = synthetic) -> Snapshot:
    engine = Engine(folder, ReplayExecutor(script), EngineOptions(workers=1), tick=0.001)
    assert engine.run() == "finished"
    return read_session(folder)


def results(snapshot: Snapshot) -> dict[str, object]:
    return {
        str(key): (snapshot.spec.grid[key.trial].values, entry.status, entry.epochs)
        for key, entry in sorted(snapshot.replicates.items(), key=lambda item: str(item[0]))
    }


def advise(folder: SessionFolder, job: Job, values: dict[str, tuple[Value, ...]]) -> Iterator[WorkerEvent]:
    """Send the order, and go on training until the engine has obeyed it."""
    send_order(folder.control, AdviseValues(values=values))
    yield JobStarted(trial=job.trial, replicate=job.replicate, attempt=job.attempt)
    while any(folder.control.iterdir()):
        yield Progress(trial=job.trial, replicate=job.replicate, epoch=1, epochs=9, batch=0, batches=0)


class Killed(BaseException):
    """The engine's process is gone."""


@pytest.mark.parametrize("plan", SEARCHES)
def test_a_search_killed_again_and_again_ends_as_one_that_ran_through(tmp_path: Path, plan: str) -> None:
    pruner = "halving"
    whole = train(new(tmp_path, plan, pruner))
    assert (len(whole.spec.grid), whole.finished, whole.damage) == (12, True, ())
    chance = random.Random(plan)

    def dies(job: Job) -> Iterator[WorkerEvent]:
        for event in synthetic(job):
            if chance.random() < 0.2:
                raise Killed
            yield event

    folder = new(tmp_path, plan, pruner, "killed")
    kills = 0
    for _ in range(200):
        try:
            train(folder, dies)
            break
        except Killed:
            kills += 1
    assert kills > 2
    assert results(read_session(folder)) == results(whole)
    events = [record.event for record in JournalReader(folder.path).poll()]
    begun, added = set(), 0
    for event in events:
        added += len(event.trials) if isinstance(event, TrialsAdded) else 0
        if isinstance(event, AttemptStarted):
            assert event.trial <= added, "a trial is in the journal before its first attempt"
            begun.add(event.trial)
    assert (added, len(begun)) == (12, 12)


GRID = """
[data]
source = "fruit"
[grid]
learning_rate = {rates}
batch_size = [16, 24, 32, 48, 64, 96, 128]
[session]
replicates = 2
[search]
pruner = "{pruner}"
"""
"""Of one network, so that no training waits for a worker that is warm, and with little to tell its trials by."""


def test_engines_that_get_sigkill_at_any_point_end_every_plan_as_if_there_had_been_one(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    specs = {plan: SPEC.format(plan=plan, pruner="halving") for plan in SEARCHES}
    specs |= {pruner: GRID.format(rates=[1e-4, 9e-4, 1e-3], pruner=pruner) for pruner in ("halving", "racing")}
    folders = {
        name: [create(tmp_path / of, name, SessionSpec.parse(text)) for of in ("whole", "killed")]
        for name, text in specs.items()
    }
    script = Path(__file__).with_name("killed_engines.py")
    command = [sys.executable, str(script), *(str(killed.path) for _, killed in folders.values())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    kills = dict(zip(folders, map(int, done.stdout.split()), strict=True))
    assert min(kills.values()) >= 2, kills
    for name, (whole, killed) in folders.items():
        expected, found = train(whole), read_session(killed)
        assert (found.finished, found.damage) == (True, ()), name
        assert results(found) == results(expected), name


def test_a_race_is_looked_at_after_the_same_trainings_however_often_its_engine_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = [3e-4, 5e-4, 6e-4, 7e-4, 8e-4, 9e-4, 1e-3, 11e-4, 12e-4, 13e-4]
    spec = SessionSpec.parse(GRID.format(rates=rates, pruner="racing"))
    looks: list[int] = []
    hopeless = racing.hopeless
    monkeypatch.setattr(racing, "hopeless", lambda *of: looks.append(len(of[1])) or hopeless(*of))
    begun: list[int] = []

    def dies(job: Job) -> Iterator[WorkerEvent]:
        begun.append(job.trial)
        if len(begun) > 50 and len(begun) % 2:
            raise Killed
        yield from synthetic(job)

    whole = train(create(tmp_path, "whole", spec))
    expected = list(looks)
    assert expected[-1] > len(expected) + 2, "not after each"
    looks.clear()
    folder = create(tmp_path, "killed", spec)
    while not read_session(folder).finished:
        with contextlib.suppress(Killed):
            train(folder, dies)
    assert len(begun) > expected[-1] + 3
    assert list(dict.fromkeys(looks)) == expected
    assert results(read_session(folder)) == results(whole)


def test_what_halving_prunes_is_pruned_neither_stopped_nor_failed_and_earns_no_replicate(tmp_path: Path) -> None:
    snapshot = train(new(tmp_path, "random", "halving"))
    counts = snapshot.counts
    assert counts["pruned"] + counts["complete"] == 24
    assert counts["pruned"] > 6 < 24 - counts["complete"]
    for trial in range(1, 13):
        first, second = snapshot.replicates_of(trial)
        assert first.status == second.status
        if first.status == "pruned":
            assert first.epochs[-1].number in (1, 3)
            assert first.reason.startswith("not among the best third after ")
            assert (second.epochs, second.reason) == ((), "its first replicate was pruned")


def test_a_running_search_takes_a_trim_as_advice_and_remembers_it(tmp_path: Path) -> None:
    folder = new(tmp_path, "tpe")
    given: list[int] = []

    def trims(job: Job) -> Iterator[WorkerEvent]:
        if job.trial == 6 and not given:
            given.append(len(read_session(folder).spec.grid))
            trim = parse_hides(read_session(folder).spec.grid, ["optimizer=sgd"]).filtered("learning_rate<0.01")
            asked = asked_for(read_session(folder), trim)
            assert asked["optimizer"] == ("adam",)
            assert asked["learning_rate"][1] < 0.01  # type: ignore[operator]
            yield from advise(folder, job, {**asked, "filters": (8, 16), "unknown": (1,)})
        elif job.trial == 9:
            raise Killed
        yield from synthetic(job)

    with pytest.raises(Killed):
        Engine(folder, ReplayExecutor(trims), EngineOptions(workers=1), tick=0.15).run()
    snapshot = train(folder)
    late = [snapshot.spec.grid[number].values for number in range(given[0] + 2, 13)]
    assert len(late) >= 4
    for values in late:
        assert (values["optimizer"], values["filters"] in (8, 12, 16)) == ("adam", True)
        assert values["learning_rate"] < 0.01  # type: ignore[operator]
    assert snapshot.advised.keys() == {"optimizer", "learning_rate", "filters"}
    assert snapshot.finished


def test_a_search_whose_values_in_view_are_all_trained_says_so_and_ends(tmp_path: Path) -> None:
    text = SPEC.format(plan="tpe", pruner="none")
    pytest.importorskip("optuna")
    folder = create(tmp_path / "sessions", "narrow", SessionSpec.parse(text))
    everything = {"optimizer": ("adam",), "filters": (8, 8), "learning_rate": (0.1, 0.1)}

    def narrows(job: Job) -> Iterator[WorkerEvent]:
        if job.trial == 1 and job.replicate == 1:
            yield from advise(folder, job, everything)
        yield from synthetic(job)

    assert Engine(folder, ReplayExecutor(narrows), EngineOptions(workers=1), tick=0.15).run() == "finished"
    snapshot = read_session(folder)
    assert len(snapshot.spec.grid) < 12
    assert snapshot.notes[-1].text == "The search has no further trial to propose among the values in view."
    assert [note.text for note in snapshot.notes].count(snapshot.notes[-1].text) == 1


def test_tpe_goes_where_the_scores_are(tmp_path: Path) -> None:
    def peak(job: Job) -> Iterator[WorkerEvent]:
        for event in synthetic(job):
            if hasattr(event, "metrics"):
                good = -abs(float(job.values["filters"]) - 24)
                event = type(event)(
                    **{f: getattr(event, f) for f in event.__struct_fields__} | {"metrics": {"val_accuracy": good}}
                )
            yield event

    text = (
        SPEC.format(plan="tpe", pruner="none").replace("trials = 12", "trials = 40").replace("replicates = 2", "")
    )
    pytest.importorskip("optuna")
    folder = create(tmp_path / "sessions", "peak", SessionSpec.parse(text))
    grid = train(folder, peak).spec.grid
    late = [abs(float(grid[number].values["filters"]) - 24) for number in range(26, 41)]
    assert sum(late) / len(late) < 5, "by chance it would be 8"


def test_a_plan_whose_package_is_missing_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new(tmp_path, "tpe")
    monkeypatch.setattr(plans, "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"plan 'tpe' needs optuna: pip install 'hpo-tui\[search\]'"):
        Engine(folder, ReplayExecutor())


def test_a_search_is_refined_to_a_small_grid_around_its_best_trial(tmp_path: Path) -> None:
    snapshot = train(new(tmp_path, "random"))
    proposal = propose("one", snapshot)
    assert proposal.best is not None
    best = snapshot.spec.grid[proposal.best].values
    for factor in proposal.factors[:2]:
        assert best[factor.name] in factor.values
        assert 2 <= len(factor.values) <= 3
    assert proposal.factors[2].values == ("adam", "sgd")
    assert proposal.spec.search == SearchSpec()
    assert proposal.trials_reused >= 1
