"""The tables of keys: no line twice, a short name for every action, what acts here first."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.actions import parse
from textual.fuzzy import Matcher

from hpo_tui.app import HpoApp
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.keys import BRIEF, TRAINING, Key, footer_keys, help_at, help_groups
from hpo_tui.panes.key_words import help_places
from hpo_tui.screens.compare import CompareScreen
from hpo_tui.screens.compare_keys import COMPARE_KEYS
from hpo_tui.screens.form import FORM_KEYS
from hpo_tui.screens.help import overview
from hpo_tui.screens.home import HomeScreen
from hpo_tui.screens.home_keys import HOME_KEYS
from hpo_tui.screens.new_grid import NewGridScreen
from hpo_tui.screens.next_grid import RefineScreen
from hpo_tui.screens.palette import score_of
from hpo_tui.screens.session_keys import SESSION_KEYS
from hpo_tui.screens.session_screen import SessionScreen
from hpo_tui.views import VIEWS

TABLES = {"session": SESSION_KEYS, "home": HOME_KEYS, "form": FORM_KEYS, "compare": COMPARE_KEYS}
UNNAMED = (*(str(digit) for digit in range(10)), "ctrl+p")


@pytest.mark.parametrize("table", TABLES)
def test_the_help_says_nothing_twice(table: str) -> None:
    lines = [key for _, keys in help_groups(TABLES[table]) for key in keys]
    assert max(Counter(key.help for key in lines).values()) == 1
    assert max(Counter(key.shown for key in lines).values()) == 1


@pytest.mark.parametrize("table", TABLES)
def test_no_key_does_two_things(table: str) -> None:
    pressed = [one for key in TABLES[table] for one in key.keys.split(",")]
    assert max(Counter(pressed).values()) == 1


@pytest.mark.parametrize(
    ("screen", "keys"), [(SessionScreen, SESSION_KEYS), (HomeScreen, HOME_KEYS), (NewGridScreen, FORM_KEYS),
                         (CompareScreen, COMPARE_KEYS),
                         (RefineScreen, FORM_KEYS)],
)  # fmt: skip
def test_everything_that_a_table_names_can_be_done(screen: type, keys: tuple[Key, ...]) -> None:
    for key in keys:
        place, name, _ = parse(key.action)
        assert hasattr(HpoApp if place == "app" else screen, f"action_{name}"), key


@pytest.mark.parametrize("table", TABLES)
def test_every_action_but_the_digits_has_a_short_name_of_its_own(table: str) -> None:
    named = [key for key in TABLES[table] if key.keys not in UNNAMED]
    assert all(0 < len(key.name) <= 24 for key in named)
    assert max(Counter(key.name for key in named).values()) == 1
    assert not any(key.name for key in TABLES[table] if key not in named)


def best_for(query: str, keys: tuple[Key, ...] = SESSION_KEYS) -> str:
    match = Matcher(query).match
    return max((key for key in keys if key.name), key=lambda key: score_of(query, key, match)).name


@pytest.mark.parametrize(
    ("query", "name"),
    [("undo", "undo"), ("refine", "refine"), ("only", "only this value"), ("pause", "pause or resume"),
     ("bins", "more bins"), ("CSV", "export"), ("quit", "quit")],
)  # fmt: skip
def test_the_palette_finds_an_action_by_its_name_first(query: str, name: str) -> None:
    assert best_for(query) == name


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
@pytest.mark.parametrize("pane", ["values", "view", "queue", None])
def test_the_help_begins_with_what_acts_here_and_leaves_nothing_out(pane: str | None, view: str) -> None:
    groups = help_at(SESSION_KEYS, help_places(pane, ViewState(view=view)))
    shown = [key.shown for _, keys in groups for key in keys]
    assert sorted(shown) == sorted({key.shown for key in SESSION_KEYS})
    first = groups[0][1]
    if pane in ("values", "queue"):
        assert groups[0][0] == f"Here: {pane}"
        assert all(pane in key.at for key in first)


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
@pytest.mark.parametrize("pane", ["values", "queue"])
def test_every_key_stands_on_one_screen_of_80_by_24_with_its_word(pane: str, view: str) -> None:
    places = help_places(pane, ViewState(view=view))
    here = {place for of, _ in places for place in of}
    lines = str(overview(SESSION_KEYS, here)).split("\n")
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 76
    for key in SESSION_KEYS:
        assert 0 < len(key.brief) <= BRIEF
        assert any(f"{key.shown} " in line for line in lines) or key.only


def test_the_ranking_names_its_sorting_first() -> None:
    name, keys = help_at(SESSION_KEYS, help_places("view", ViewState(view="ranking")))[0]
    assert name == "Here: ranking"
    assert {"← →", "v"} <= {key.shown for key in keys}


def test_what_cannot_be_done_is_not_in_the_footer() -> None:
    every = [key.label for _, key in footer_keys(SESSION_KEYS, 200)]
    untrained = [key for key in SESSION_KEYS if key.group != TRAINING]
    imported = [key.label for _, key in footer_keys(untrained, 200)]
    assert [label for label in every if label not in ("pause", "train")] == imported
    assert {"pause", "train"} <= set(every)
