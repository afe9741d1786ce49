"""The command palette: every action by its short name, the views, the values, the sessions; one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from msgspec import Struct
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from hpo_core.session.store import list_sessions
from hpo_core.text import clean
from hpo_tui.desk import view_changes as moves
from hpo_tui.look.keys import Key
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.messages import OpenSession
from hpo_tui.widgets.plain_text import literal

NAME_WIDTH = 28
LAST = "Move"
"""The heading of the keys that are better pressed than looked for: they come last."""


class Named(Protocol):
    """What can be looked for: a key, or anything else with a name and a sentence."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def help(self) -> str:
        """What is said of it."""


class Found(Struct, frozen=True):
    """A line of the palette: what it is called, which key does it, what is said of it, and what it does."""

    name: str
    pressed: str
    help: str
    run: Callable[[], Any]


class Actions(Provider):
    """Finds actions, views, values and sessions by their name first, and by what is said of them after that."""

    async def discover(self) -> Hits:
        """Offer every action, in the order of the table, and every view."""
        for found in (*self._actions(), *self._views()):
            yield DiscoveryHit(_line(literal(found.name), found), found.run, found.name)

    async def search(self, query: str) -> Hits:
        """Offer what has in its name, or in what is said of it, what was typed."""
        matcher = self.matcher(query)
        for found in (*self._actions(), *self._views(), *self._values(), *self._sessions()):
            score = score_of(query, found, matcher.match)
            if score > 0:
                name = literal(found.name)
                at = found.name.casefold().find(query.strip().casefold())
                shown = name.stylize(matcher.match_style, at, at + len(query.strip())) if at >= 0 else name
                yield Hit(score, _line(shown, found), found.run, found.name)

    def _actions(self) -> Iterator[Found]:
        """The actions that have a name; those that only move come last."""
        keys: tuple[Key, ...] = getattr(self.screen, "KEYS", ())
        for key in sorted((key for key in keys if key.name), key=lambda key: key.group == LAST):
            yield Found(key.name, key.pressed, key.help, partial(self.screen.run_action, key.action))

    def _views(self) -> Iterator[Found]:
        """The views of a session."""
        screen = self.screen
        if isinstance(screen, DeskScreen):
            for key in screen.GO_KEYS:
                if callable(key.does):
                    yield Found(key.name, f"g {key.pressed}", key.help, partial(key.does, screen))

    def _values(self) -> Iterator[Found]:
        """The values of a session's hyperparameters: each can be taken out of view, or back."""
        screen = self.screen
        if isinstance(screen, DeskScreen):
            for at, factor in enumerate(screen.factors):
                for line, label in enumerate(factor.labels):
                    name = clean(f"toggle {factor.name}={label}")
                    yield Found(name, "space", "in or out of view", partial(_toggle, screen, (at, line)))

    def _sessions(self) -> Iterator[Found]:
        """The sessions of the folder, but for the one that is shown."""
        for folder in list_sessions(getattr(self.app, "sessions")):  # noqa: B009 - an App has none, ours has
            if not (isinstance(self.screen, DeskScreen) and folder.path == self.screen.folder.path):
                run = partial(self.screen.post_message, OpenSession(folder))
                yield Found(f"session: {clean(folder.name)}", "", "open this session", run)


def _toggle(screen: DeskScreen, place: tuple[int, int]) -> None:
    screen.look(moves.toggle_at(screen.state, screen.factors, place))


def score_of(query: str, found: Named, fuzzy: Callable[[str], float]) -> float:
    """Return how well it answers a query: its name whole, begun, within, in what is said, or by its letters."""
    wanted, name = query.strip().casefold(), found.name.casefold()
    if wanted == name:
        return 5.0
    if name.startswith(wanted):
        return 4.0
    if wanted in name:
        return 3.0
    if wanted in found.help.casefold():
        return 2.0
    return min(fuzzy(found.name) / 100.0, 1.0)


def _line(name: Content, found: Found) -> Content:
    gap = " " * max(NAME_WIDTH - len(found.name), 1)
    return Content.assemble(name, gap, (f"{found.pressed:<9} ", "$accent"), (found.help, "not bold"))
