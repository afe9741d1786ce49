"""Which session came from which: the tree of the home screen, and what its filter finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpo_core.session.lineage import Parent
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk.family import as_trees, matching
from hpo_tui.desk.sessions import SessionCard


def card(
    name: str, parent: Parent | None = None, state: str = "finished", began: float = 0.0, **more
) -> SessionCard:
    return SessionCard(SessionFolder(Path(name)), state, parent=parent, began=began, **more)


def drawn(*cards: SessionCard) -> list[str]:
    return [branch.lead + branch.card.folder.name for branch in as_trees(cards)]


def test_what_was_refined_stands_below_what_it_came_from_and_live_ones_first() -> None:
    fruits, finer = Parent("fruits", 1.0), Parent("finer", 2.0)
    assert drawn(
        card("alone"),
        card("finest", finer),
        card("other", fruits),
        card("fruits", began=1.0),
        card("finer", fruits, "training", began=2.0),
    ) == ["fruits", "├ finer", "│ └ finest", "└ other", "alone"]


def test_a_parent_is_known_by_when_it_began_under_another_name_and_beside_a_copy_of_itself() -> None:
    child = card("finer", Parent("fruits", 1.0))
    assert drawn(child, card("renamed", began=1.0)) == ["renamed", "└ finer"]
    assert drawn(child, card("copy", began=1.0), card("fruits", began=1.0)) == ["fruits", "└ finer", "copy"]
    assert drawn(child, card("fruits", began=9.0)) == ["finer", "fruits"], "another session of that name"
    assert drawn(card("finer", Parent("fruits")), card("fruits", began=9.0)) == ["fruits", "└ finer"], "older ones"


@pytest.mark.parametrize("parent", [Parent("a"), Parent("b"), Parent("gone")])
def test_no_session_is_lost_where_parents_lead_nowhere_or_in_a_circle(parent: Parent) -> None:
    assert sorted(name.lstrip("└ ") for name in drawn(card("a", parent), card("b", Parent("a")))) == ["a", "b"]


def test_every_typed_word_is_looked_for_in_name_state_and_note() -> None:
    cards = [
        card("fruits-finer", note="Poisson again"),
        card("fruits", state="training"),
        card("broken", state=""),
    ]
    found = {
        typed: [each.folder.name for each in matching(cards, typed)] for typed in ("FRUIT", "fruit poi", "trai")
    }
    assert found == {"FRUIT": ["fruits-finer", "fruits"], "fruit poi": ["fruits-finer"], "trai": ["fruits"]}
    assert len(matching(cards, " ")) == 3
