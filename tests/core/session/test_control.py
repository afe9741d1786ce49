"""Orders arrive in the order in which they were given, whole, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from taken_orders import take_orders

from hpo_core.journal.events import (
    MoveJobs,
    Order,
    PauseQueue,
    QueueJobs,
    ResumeQueue,
    SetWorkers,
    StopJob,
    StopSession,
)
from hpo_core.session.control import discard_orders, send_order

EVERY_ORDER: list[Order] = [
    PauseQueue(),
    ResumeQueue(),
    StopSession(now=False),
    StopJob(trial=3, replicate=2, after_epoch=True),
    QueueJobs(jobs=((1, 2), (3, 4)), reason="again"),
    MoveJobs(jobs=((5, 1),), to="front"),
    SetWorkers(count=3),
]


def test_orders_are_taken_in_their_order_and_only_once(tmp_path: Path) -> None:
    for order in EVERY_ORDER:
        send_order(tmp_path / "control", order)
    assert take_orders(tmp_path / "control") == (EVERY_ORDER, [])
    assert take_orders(tmp_path / "control") == ([], [])


def test_an_order_that_cannot_be_read_is_named_and_removed(tmp_path: Path) -> None:
    send_order(tmp_path, PauseQueue())
    (tmp_path / "9-nonsense.json").write_text("{", encoding="utf-8")
    (tmp_path / "99-unknown.json").write_text('{"type":"EatCake"}', encoding="utf-8")
    orders, unreadable = take_orders(tmp_path)
    assert orders == [PauseQueue()]
    assert unreadable == ["9-nonsense.json", "99-unknown.json"]
    assert list(tmp_path.iterdir()) == []


def test_an_order_that_is_still_being_written_is_left_alone(tmp_path: Path) -> None:
    part = tmp_path / ".00001.json.77.part"
    part.write_text('{"type":"Pau', encoding="utf-8")
    assert take_orders(tmp_path) == ([], [])
    assert part.exists()


def test_orders_for_an_engine_that_is_gone_are_discarded(tmp_path: Path) -> None:
    send_order(tmp_path, StopSession())
    discard_orders(tmp_path)
    assert take_orders(tmp_path) == ([], [])


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("a file in its place", encoding="utf-8")
    with pytest.raises(OSError, match="not a plain folder"):
        send_order(tmp_path / "control", PauseQueue())
