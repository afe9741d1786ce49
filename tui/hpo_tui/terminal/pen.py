"""How a cell is drawn, and the shortest code that takes a terminal from one pen to another."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25", "7": "27", "8": "28",
        "9": "29", "51": "54", "52": "54", "53": "55"}  # fmt: skip
"""The code that ends each attribute; bold and dim end together, so do others."""

_SEEN_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})

_STEPS = (0, 95, 135, 175, 215, 255)
_FIXED = {
    f"2;{red};{green};{blue}": f"5;{16 + 36 * r + 6 * g + b}"
    for r, red in enumerate(_STEPS)
    for g, green in enumerate(_STEPS)
    for b, blue in enumerate(_STEPS)
} | {f"2;{8 + 10 * n};{8 + 10 * n};{8 + 10 * n}": f"5;{232 + n}" for n in range(24)}
"""The colours that 256-colour terminals have by number, which is shorter to say."""
_OFTEN_CHANGED = 22
"""Colour numbers below this one are what a person's own palette may have changed."""


class Pen(NamedTuple):
    """``ink`` and ``ground`` are the parameters that select them ("38;5;81"; empty: the terminal's own).

    ``attributes`` are the parameters that switch them on; ``link`` is a hyperlink's parameters and address.
    """

    attributes: frozenset[str] = frozenset()
    ink: str = ""
    ground: str = ""
    link: str = ""


PLAIN = Pen()
_pens: dict[Pen, Pen] = {PLAIN: PLAIN}


def _one(pen: Pen) -> Pen:
    """Return the pen's one object: pens are compared by identity, 5,000 of them a frame."""
    return _pens.setdefault(pen, pen)


@lru_cache(maxsize=8192)
def pen_after(pen: Pen, codes: str) -> Pen:
    """Return the pen after ``CSI codes m`` (ECMA-48, SGR)."""
    attributes, ink, ground = set(pen.attributes), pen.ink, pen.ground
    left = (codes or "0").split(";")
    while left:
        code = left.pop(0).lstrip("0") or "0"
        if code == "0":
            attributes, ink, ground = set(), "", ""
        elif code in _OFF:
            attributes.add(code)
        elif code in _OFF.values():
            attributes -= {on for on, off in _OFF.items() if off == code}
        elif code in {"38", "48", "58"}:
            taken = 2 if left[:1] == ["5"] else 4
            colour, left = _colour(";".join(left[:taken])), left[taken:]
            ink = f"38;{colour}" if code == "38" else ink
            ground = f"48;{colour}" if code == "48" else ground
        elif code == "39" or (len(code) == 2 and code[0] in "39"):
            ink = "" if code == "39" else code
        elif code == "49" or code[0] == "4" or code[:2] == "10":
            ground = "" if code == "49" else code
    return _one(Pen(frozenset(attributes), ink, ground, pen.link))


def pen_with_link(pen: Pen, link: str) -> Pen:
    """Return the pen with another hyperlink, or with none (empty)."""
    return _one(pen._replace(link=link))


def _colour(parameters: str) -> str:
    fixed = _FIXED.get(parameters, "")
    return fixed if fixed and int(fixed[2:]) >= _OFTEN_CHANGED else parameters


@lru_cache(maxsize=8192)
def on_blanks(pen: Pen) -> Pen:
    """Return what of the pen is seen where nothing is written: its ground, unless an attribute shows."""
    return pen if pen.attributes & _SEEN_ON_BLANKS else _one(Pen(ground=pen.ground, link=pen.link))


@lru_cache(maxsize=8192)
def pen_for_blanks(held: Pen, wanted: Pen) -> Pen:
    """Return the pen nearest to the one held that draws blanks as ``wanted`` (one of ``on_blanks``) does."""
    if wanted.attributes:
        return wanted
    return _one(Pen(held.attributes - _SEEN_ON_BLANKS, held.ink, wanted.ground, wanted.link))


@lru_cache(maxsize=8192)
def pen_change(held: Pen, wanted: Pen) -> str:
    """Return the shortest code that makes a terminal's pen, now ``held``, the one that is wanted."""
    link = "" if held.link == wanted.link else f"\x1b]8;{wanted.link or ';'}\x1b\\"
    if held[:3] == wanted[:3]:
        return link
    anew = ["0", *sorted(wanted.attributes), wanted.ink, wanted.ground]
    ended = {_OFF[code] for code in held.attributes - wanted.attributes}
    kept = {code for code in held.attributes & wanted.attributes if _OFF[code] not in ended}
    only = [*sorted(ended), *sorted(wanted.attributes - kept)]
    if held.ink != wanted.ink:
        only.append(wanted.ink or "39")
    if held.ground != wanted.ground:
        only.append(wanted.ground or "49")
    code = min((";".join(filter(None, codes)) for codes in (only, anew)), key=len)
    return f"{link}\x1b[{'' if code == '0' else code}m"
