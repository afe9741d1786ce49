"""The sessions in the order of the home screen: each below the one that it was refined from, live ones first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from hpo_core.session.lineage import Parent
from hpo_tui.desk.sessions import WORKING, SessionCard

DEEPEST = 4
"""What is refined further stands no further to the right: its name is to be read."""


class Branch(Struct, frozen=True):
    """A session's place in the tree; ``lead`` is what is drawn before its name."""

    card: SessionCard
    lead: str = ""


def as_trees(cards: Sequence[SessionCard]) -> list[Branch]:
    """Return the sessions, children below their parent; a tree with a live session comes first.

    Else they stay in the order in which they are given. One whose parent is not among them stands at the left.
    """
    parents = _parents(cards)
    children: dict[int, list[int]] = {}
    roots = []
    for place, parent in enumerate(parents):
        if parent is None or _circles(place, parents):
            roots.append(place)
        else:
            children.setdefault(parent, []).append(place)

    def urgency(place: int) -> tuple[bool, int]:
        below = [urgency(child) for child in children.get(place, ())]
        return min([(cards[place].state not in WORKING, place), *below])

    def drawn(place: int, lead: str, under: str, depth: int) -> Iterator[Branch]:
        yield Branch(cards[place], lead)
        below = sorted(children.get(place, ()), key=urgency)
        for child in below:
            last = child == below[-1]
            deeper = under + ("  " if last else "│ ") if depth < DEEPEST else under
            yield from drawn(child, under + ("└ " if last else "├ "), deeper, depth + 1)

    return [branch for root in sorted(roots, key=urgency) for branch in drawn(root, "", "", 0)]


def _parents(cards: Sequence[SessionCard]) -> list[int | None]:
    """Return the place of each session's parent: by when that began, since it may have another name now."""
    began: dict[float, list[int]] = {}
    for place, card in enumerate(cards):
        began.setdefault(card.began, []).append(place)
    named = {card.folder.name: place for place, card in enumerate(cards)}

    def parent_of(place: int, wanted: Parent | None) -> int | None:
        if wanted is None:
            return None
        known = named.get(wanted.name)
        if not wanted.began:
            return known
        alike = [at for at in began.get(wanted.began, ()) if at != place]  # several, where a folder was copied
        return known if known in alike else next(iter(alike), None)

    return [parent_of(place, card.parent) for place, card in enumerate(cards)]


def _circles(place: int, parents: Sequence[int | None]) -> bool:
    """Whether the way from a session to its parents leads back to it."""
    seen: set[int] = set()
    at = parents[place]
    while at is not None and at not in seen:
        seen.add(at)
        at = parents[at]
    return place in seen


def matching(cards: Iterable[SessionCard], typed: str) -> list[SessionCard]:
    """Return the sessions that have every typed word in their name, state, hyperparameters, note or owner."""
    words = typed.casefold().split()
    return [card for card in cards if all(any(word in text for text in _texts(card)) for word in words)]


def _texts(card: SessionCard) -> Collection[str]:
    names = card.spec.grid.names if card.spec is not None else ()
    said = (card.folder.name, card.state or "cannot be opened", card.note, card.owner, *names)
    return [text.casefold() for text in said]
