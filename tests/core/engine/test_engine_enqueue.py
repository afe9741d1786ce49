"""More trainings for a session that no engine works on: queued now, trained by the next engine."""

from __future__ import annotations

import pytest

from hpo_core.engine.enqueue import queue_jobs
from hpo_core.errors import SessionError, SessionLocked
from hpo_core.journal.lock import SessionLock
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.store import create


def test_new_replicates_of_a_finished_session_are_trained_by_the_next_engine(make_session, run_engine) -> None:
    folder = make_session()
    assert run_engine(folder).finished
    queue_jobs(folder, [JobKey(2, 3), JobKey(4, 3)], "to tell the best trial from the second")
    waiting = read_session(folder)
    assert waiting.queue == (JobKey(2, 3), JobKey(4, 3))
    assert waiting.counts["complete"] == 8
    assert not waiting.damage
    snapshot = run_engine(folder)
    assert snapshot.counts["complete"] == 10
    assert snapshot.replicate(JobKey(4, 3)).status == "complete"
    assert not snapshot.damage


def test_an_engine_at_work_keeps_its_journal_to_itself(make_session) -> None:
    folder = make_session()
    with SessionLock(folder.lock), pytest.raises(SessionLocked):
        queue_jobs(folder, [JobKey(1, 3)])
    assert read_session(folder).version == 0


def test_an_imported_session_has_nothing_to_train(tmp_path) -> None:
    spec = SessionSpec.parse(
        '[data]\nsource = "import"\n[grid]\nrate = [1, 2]\n[session]\nobjective = "accuracy"\n'
    )
    folder = create(tmp_path, "table", spec)
    with pytest.raises(SessionError, match="nothing to train"):
        queue_jobs(folder, [JobKey(1, 2)])
    assert not folder.lock.exists()
