"""Results are bound to the values they were trained with; a plan that adds trials goes on from the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.engine.mending import examine
from hpo_core.engine.recovery import write_recovery_copy
from hpo_core.errors import SessionError
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import (
    SCHEMA_VERSION,
    AttemptEnded,
    AttemptStarted,
    EngineOptions,
    Job,
    PlanRecorded,
    TrialsAdded,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.plan import random_plan
from hpo_core.plan.grid import Grid
from hpo_core.plan.plans import Search
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SearchSpec, SessionSpec
from hpo_core.refine.proposal import propose
from hpo_core.session.binding import disagreement, plan_of
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = [0.0001, 0.001, 0.01]
filters = [12, 24]
[fixed]
epochs = 2
[session]
replicates = 2
"""
RANDOM = SPEC + '[search]\nplan = "random"\ntrials = 4\n'


def trained(tmp_path: Path, name: str = "one", text: str = SPEC) -> SessionFolder:
    folder = create(tmp_path / "sessions", name, SessionSpec.parse(text))
    assert Engine(folder, ReplayExecutor(), EngineOptions(workers=2), tick=0.001).run() == "finished"
    return folder


EDITS = [
    ("a value more", ("filters = [12, 24]", "filters = [8, 12, 24]"), "filters is varied over 8, 12, 24 there"),
    ("another order", ("filters = [12, 24]", "filters = [24, 12]"), "filters is varied over 24, 12 there"),
    ("one left out", ("filters = [12, 24]\n", ""), "filters is varied over nothing there, and over 12, 24"),
    ("a fixed one", ("epochs = 2", "epochs = 3"), "epochs is fixed at 3 there, and at 2 in the journal"),
    ("a new fixed one", ("epochs = 2", "epochs = 2\ndropout = 0.5"), "dropout is fixed at 0.5 there"),
]


@pytest.mark.fault(41)
@pytest.mark.parametrize(("edit", "said"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS])
def test_results_never_move_to_the_values_of_an_edited_spec(
    tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    folder = trained(tmp_path)
    before = read_session(folder)
    folder.spec.write_text(
        folder.spec.read_text().replace("filters = [\n    12,\n    24,\n]", "filters = [12, 24]")
    )
    assert read_session(folder).counts == before.counts, "the same values, written in another way"
    text = folder.spec.read_text()
    assert edit[0] in text
    folder.spec.write_text(text.replace(*edit))
    for look in (read_session, examine, lambda where: Engine(where, ReplayExecutor())):
        with pytest.raises(SessionError, match="is not the one that its results belong to") as caught:
            look(folder)  # type: ignore[operator]
        assert said in str(caught.value)
    folder.spec.write_text(text)
    assert read_session(folder).counts == before.counts, "nothing was lost"


@pytest.mark.fault(41)
def test_another_session_s_journal_is_named_and_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    other = trained(tmp_path, "other", SPEC.replace("[12, 24]", "[12, 36]"))
    (folder.path / "journal.jsonl").write_bytes((other.path / "journal.jsonl").read_bytes())
    with pytest.raises(SessionError, match="filters is varied over 12, 24 there, and over 12, 36 in the journal"):
        read_session(folder)


def test_what_ranks_the_trials_may_be_changed_at_any_time(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    folder.spec.write_text(folder.spec.read_text().replace("val_accuracy", "accuracy"))
    assert read_session(folder).spec.objective.metric == "accuracy"


def test_true_is_not_one_and_the_order_of_names_counts() -> None:
    plan = PlanRecorded(hyperparameters={"a": (1, 0), "b": ("x",)})
    spec = SessionSpec.parse('[data]\nsource = "import"\n[grid]\na = [true, false]\nb = ["x"]\n')
    assert disagreement(plan, spec).startswith("a is varied over on, off there")
    turned = SessionSpec.parse('[data]\nsource = "import"\n[grid]\nb = ["x"]\na = [1, 0]\n')
    assert disagreement(plan, turned) == "the hyperparameters stand in another order than in the journal"
    listed = SessionSpec.parse(
        '[data]\nsource = "import"\n[grid]\na = [1, 0]\nb = ["x"]\n[trials]\nlisted = [[1, "x"]]\n'
    )
    assert disagreement(plan, listed) == "the combinations under [trials] are not those in the journal"
    assert disagreement(plan_of(listed), listed) == ""


# A plan that adds trials --------------------------------------------------------------------------------------


def test_random_search_trains_as_many_trials_as_it_was_asked_for(tmp_path: Path) -> None:
    folder = trained(tmp_path, text=RANDOM)
    snapshot = read_session(folder)
    assert (len(snapshot.spec.grid), snapshot.counts["complete"], snapshot.finished) == (4, 8, True)
    rows = [tuple(trial.values.values()) for trial in snapshot.spec.grid.trials()]
    assert len(set(rows)) == 4
    assert set(rows) <= {(rate, filters) for rate in (0.0001, 0.001, 0.01) for filters in (12, 24)}
    events = [record.event for record in JournalReader(folder.path).poll()]
    kinds = [type(event) for event in events]
    assert kinds.index(PlanRecorded) < kinds.index(TrialsAdded) < kinds.index(AttemptStarted)
    again = trained(tmp_path, "again", RANDOM)
    assert [tuple(t.values.values()) for t in read_session(again).spec.grid.trials()] == rows, "the same seed"


def test_a_search_that_has_not_begun_is_not_finished(tmp_path: Path) -> None:
    folder = create(tmp_path / "sessions", "new", SessionSpec.parse(RANDOM))
    snapshot = read_session(folder)
    assert (snapshot.finished, snapshot.to_be_added, len(snapshot.spec.grid)) == (False, 4, 0)


class OneByOne:
    """A plan that waits for what came of its trials before it goes on, a trial at a time."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def propose(self, search: Search, wanted: int) -> Sequence[tuple[Value, ...]]:
        self.seen.append(len(search.scores))
        whole = Grid(search.grid.hyperparameters)
        there = len(search.grid)
        if there == search.trials or len(search.scores) < there:
            return []
        return [tuple(whole[there + 1].values.values())]


def test_a_plan_that_proposes_as_it_goes_is_resumed_from_the_journal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = OneByOne()
    monkeypatch.setattr(random_plan, "start", lambda: plan)
    folder = create(tmp_path / "sessions", "steps", SessionSpec.parse(RANDOM))

    def dies_in_the_third(script: Callable[[Job], object]) -> Callable[[Job], object]:
        def told(job: Job) -> object:
            if job.trial == 3:
                raise KeyboardInterrupt  # the engine's process is gone, whatever it was about
            return script(job)

        return told

    from hpo_core.executors.replay import synthetic

    engine = Engine(folder, ReplayExecutor(dies_in_the_third(synthetic)), EngineOptions(workers=1), tick=0.001)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        engine.run()
    assert len(read_session(folder).spec.grid) == 3
    assert Engine(folder, ReplayExecutor(), EngineOptions(workers=1), tick=0.001).run() == "finished"
    snapshot = read_session(folder)
    assert (len(snapshot.spec.grid), snapshot.counts["complete"]) == (4, 8)
    ended = [r.event for r in JournalReader(folder.path).poll() if isinstance(r.event, AttemptEnded)]
    assert sorted((event.trial, event.replicate) for event in ended) == [
        (t, r) for t in (1, 2, 3, 4) for r in (1, 2)
    ]
    assert plan.seen[0] == 0


def test_a_record_of_trials_that_do_not_fit_is_damage_not_a_trial(tmp_path: Path) -> None:
    from hpo_core.journal.events import Envelope
    from hpo_core.session.state import SessionState

    for text, rows in ((RANDOM, ((0.001,),)), (SPEC, ((0.001, 12),))):
        state = SessionState(SessionSpec.parse(text))
        before = len(state.spec.grid)
        state.apply(Envelope(1, 1, 1.0, TrialsAdded(trials=rows)))
        snapshot = state.snapshot()
        assert len(snapshot.spec.grid) == before
        assert "cannot be" in snapshot.damage[0]


def test_what_a_search_found_is_refined_to_a_full_grid(tmp_path: Path) -> None:
    folder = trained(tmp_path, text=RANDOM)
    proposal = propose("one", read_session(folder))
    assert proposal.spec.search == SearchSpec()
    assert len(proposal.spec.grid) == len(proposal.adopted) // 2 + proposal.trials_new
    assert proposal.trials_reused == 4


def test_a_search_is_recovered_from_memory_with_the_trials_that_it_added(tmp_path: Path) -> None:
    folder = trained(tmp_path, text=RANDOM)
    before = read_session(folder)
    copy = write_recovery_copy(folder.path, before, 1)
    copy.replace(folder.path / "journal.jsonl")
    after = read_session(folder)
    assert after.spec.grid == before.spec.grid
    assert {key: entry.epochs for key, entry in after.replicates.items()} == {
        key: entry.epochs for key, entry in before.replicates.items()
    }


def test_an_older_program_is_told_that_it_cannot_read_what_this_one_writes(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    first = (folder.path / "journal.jsonl").read_text().splitlines()[0]
    assert f'"schema":{SCHEMA_VERSION}' in first, "left out, an older program would take it for its own layout"
