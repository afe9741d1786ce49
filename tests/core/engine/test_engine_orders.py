"""Orders are obeyed once and not lost, whenever they come: also while the engine leaves, or is killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from taken_orders import take_orders

from hpo_core.engine.inbox import Inbox
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import MoveJobs, Order, PauseQueue, QueueJobs, StopSession
from hpo_core.plan.grid import JobKey
from hpo_core.session.control import discard_orders, send_order, waiting_orders
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
MORE = QueueJobs(jobs=((1, 3),), reason="more")


class Leaving(ReplayExecutor):
    """A replay in which somebody gives orders while the workers leave, the first time."""

    def __init__(self, folder: SessionFolder, *orders: Order) -> None:
        super().__init__()
        self._folder, self._orders = folder, list(orders)

    def close(self) -> None:
        assert self._folder.engine_runs()
        while self._orders:
            send_order(self._folder.control, self._orders.pop(0))
        super().close()


def test_more_work_that_comes_while_the_engine_leaves_is_done(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    snapshot = run_engine(folder, Leaving(folder, MORE))
    assert snapshot.replicate(JobKey(1, 3)).status == "complete"
    assert (snapshot.counts["complete"], snapshot.finished) == (9, True)
    assert list(folder.control.iterdir()) == []


def test_more_work_that_comes_while_a_stopped_engine_leaves_waits_in_the_journal(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    snapshot = run_engine(folder, Leaving(folder, StopSession(), MORE))
    assert snapshot.queue == (JobKey(1, 3),)
    assert snapshot.stopped is not None
    assert run_engine(folder).counts["complete"] == 9


def test_trainings_that_were_to_be_queued_wait_for_the_next_engine_other_orders_do_not(tmp_path: Path) -> None:
    for order in (PauseQueue(), MORE, StopSession(), MoveJobs(jobs=((1, 1),), to="front")):
        send_order(tmp_path, order)
    (tmp_path / "9.json").write_text("nonsense", encoding="utf-8")
    discard_orders(tmp_path)
    assert take_orders(tmp_path) == ([MORE], [])


def test_an_order_is_removed_only_once_it_was_obeyed_and_obeyed_only_once(tmp_path: Path) -> None:
    held = [True]
    inbox = Inbox(tmp_path, lambda: held[0])
    send_order(tmp_path, PauseQueue())
    for _, order in inbox.take():
        assert order == PauseQueue()
        assert len(list(waiting_orders(tmp_path))) == 1, "whoever is killed here leaves it to the next"
    assert len(list(waiting_orders(tmp_path))) == 1, "what it did is not in the journal yet"
    held[0] = False
    assert list(inbox.take()) == []
    assert list(waiting_orders(tmp_path)) == []


def test_an_order_whose_file_cannot_be_removed_is_obeyed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    inbox = Inbox(tmp_path, lambda: False)
    send_order(tmp_path, PauseQueue())
    monkeypatch.setattr(Path, "unlink", refuse)
    assert [order for _, order in inbox.take()] == [PauseQueue()]
    assert list(inbox.take()) == []


def test_an_engine_killed_between_obeying_and_removing_queues_nothing_twice(
    make_session: MakeSession, run_engine: RunEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session()
    send_order(folder.control, MORE)

    def die(inbox: Inbox, path: Path) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(Inbox, "_remove", die)
        with pytest.raises(InterruptedError):
            run_engine(folder)
    assert JobKey(1, 3) in read_session(folder).queue
    snapshot = run_engine(folder)
    assert (snapshot.replicate_count(1), snapshot.counts["complete"]) == (3, 9)
