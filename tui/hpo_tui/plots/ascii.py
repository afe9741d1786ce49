"""The ASCII twin of every sign that the product draws: as wide, and no two that stand side by side alike."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from rich.cells import get_character_cell_size

_SIGNS = (
    ("●•◦○◎◉◆◇■▪×✓✗⊘", "*o.-oO@@##xvxc"),  # marks
    ("·…–—−±≈≤≥≠√²³“”‘’", "..---+=<>!V23\"\"''"),  # words
    ("→←↑↓▶◀▲▼▴▾", "><^v><^v^v"),  # arrows
    ("─━═╌▔╶╴╸╺│┃║┊╎╵╷┼├┤┬┴└┘┌┐╭╮╯╰┣┫", "-==----==|||::||+++++++++++++++"),  # frames
    ("█▓▒░▀▌▐▋▊▉▍▎▏▕", "##:.#|||||||||"),  # blocks
    ("▁▂▃▄▅▆▇", "_.:-=+*"),  # eighths
    ("\N{NO-BREAK SPACE}", " "),
)
_TWINS = str.maketrans("".join(signs for signs, _ in _SIGNS), "".join(twins for _, twins in _SIGNS))
_PAIRS = (
    (re.compile(" ± "), " +-"),
    (re.compile("± "), "+-"),
    (re.compile(" ±"), "+-"),
    (re.compile("≤ "), "<="),
    (re.compile("≥ "), ">="),
)
"""Two signs where a blank beside gives the room: "0.95 ± 0.01" is "0.95 +-0.01", and as wide."""
_BRAILLE = range(0x2800, 0x2900)
_UPPER_DOTS = 0b00011011


def to_ascii(text: str) -> str:
    """Return ``text`` in 7-bit characters, every cell still as wide: a known sign by its twin, others by "?".

    A letter loses its accents.
    """
    if text.isascii():
        return text
    for pair, twin in _PAIRS:
        text = pair.sub(twin, text)
    shown = text.translate(_TWINS)
    return shown if shown.isascii() else "".join(map(_twin, shown))


def _twin(char: str) -> str:
    if char.isascii():
        return char
    if ord(char) in _BRAILLE:
        return _dots(ord(char) - _BRAILLE.start)
    base = "".join(part for part in normalize("NFKD", char) if not combining(part))
    return base if len(base) == 1 and base.isascii() else "?" * get_character_cell_size(char)


def _dots(raised: int) -> str:
    """Return a cell of dots by where they stand: above, below, in both halves, or nowhere."""
    above, below = bool(raised & _UPPER_DOTS), bool(raised & ~_UPPER_DOTS & 0xFF)
    return ":" if above and below else "'" if above else "." if below else " "
