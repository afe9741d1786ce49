"""The command palette: every action of the screen by its short name, one line each, its key beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from hpo_tui.look.keys import Key

NAME_WIDTH = 24
LAST = "Move"
"""The heading of the keys that are better pressed than looked for: they come last."""


class Actions(Provider):
    """Finds actions by their name first, and by what the help says of them after that."""

    async def discover(self) -> Hits:
        """Offer every action, in the order of the table."""
        for key in self._keys():
            yield DiscoveryHit(_line(Content(key.name), key), _runner(self.screen, key.action), key.name)

    async def search(self, query: str) -> Hits:
        """Offer the actions whose name or help has what was typed."""
        matcher = self.matcher(query)
        for key in self._keys():
            score = score_of(query, key, matcher.match)
            if score > 0:
                name = matcher.highlight(key.name)
                shown = name if isinstance(name, Content) else Content(key.name)
                yield Hit(score, _line(shown, key), _runner(self.screen, key.action), key.name)

    def _keys(self) -> Iterator[Key]:
        """The actions that have a name; those that only move come last."""
        keys: tuple[Key, ...] = getattr(self.screen, "KEYS", ())
        named = [key for key in keys if key.name]
        yield from (key for key in named if key.group != LAST)
        yield from (key for key in named if key.group == LAST)


def score_of(query: str, key: Key, fuzzy: Callable[[str], float]) -> float:
    """Return how well an action answers a query: its name whole, begun, within, in its help, or by its letters."""
    wanted, name = query.strip().casefold(), key.name.casefold()
    if wanted == name:
        return 5.0
    if name.startswith(wanted):
        return 4.0
    if wanted in name:
        return 3.0
    if wanted in key.help.casefold():
        return 2.0
    return min(fuzzy(key.name) / 100.0, 1.0)


def _line(name: Content, key: Key) -> Content:
    gap = " " * max(NAME_WIDTH - len(key.name), 1)
    return Content.assemble(name, gap, (f"{key.pressed:<9} ", "$accent"), (key.help, "not bold"))


def _runner(screen: Screen[object], action: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await screen.run_action(action)

    return run
