"""Moving jobs by one place: what the front of the queue is afterwards."""

from __future__ import annotations

import pytest

from hpo_core.plan.grid import JobKey
from hpo_tui.panes.queue_pane import jobs_shown, shifted

QUEUE = tuple(JobKey(number, 1) for number in range(1, 7))


@pytest.mark.parametrize(
    ("moved", "step", "front"),
    [
        ({3}, -1, [1, 3, 2]),
        ({3}, 1, [1, 2, 4, 3]),
        ({2, 3}, -1, [2, 3, 1]),
        ({2, 3}, 1, [1, 4, 2, 3]),
        ({1, 4}, -1, [1, 2, 4, 3]),
        ({1}, -1, []),
        ({6}, 1, []),
        ({9}, 1, []),
    ],
)
def test_the_moved_jobs_change_places_with_their_neighbours(moved: set[int], step: int, front: list[int]) -> None:
    keys = {JobKey(number, 1) for number in moved}
    assert [key.trial for key in shifted(QUEUE, keys, step)] == front


def test_a_page_of_jobs_stands_still_while_the_cursor_moves_in_it() -> None:
    assert [jobs_shown(cursor, 12, 5) for cursor in (None, 0, 4)] == [range(5)] * 3
    assert [jobs_shown(cursor, 12, 5) for cursor in (5, 9)] == [range(5, 10)] * 2
    assert jobs_shown(11, 12, 5) == range(10, 12)
