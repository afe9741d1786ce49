"""Foreign text made harmless: the one ``clean()`` that every class name, file name, cell and log line passes.

Terminals act on control characters, and bidirectional or zero-width characters make text look like what it is
not. ``clean`` makes each of them visible instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from hpo_core.errors import HpoError

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_LONG_NUMBER = re.compile(r"-?\d*\.\d+(e-?\d+)?|-?\d+e-?\d+")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def clean(text: object, limit: int | None = None) -> str:
    """Return ``text`` with nothing in it that a terminal would act on, at most ``limit`` characters long.

    C0 control characters become their control pictures (ESC becomes "␛"); every other control, format (bidi,
    zero-width), surrogate, private or unassigned character and every line or paragraph separator becomes
    ``<U+XXXX>``. A text that is cut ends in "…".
    """
    result = str(text)
    if not result.isprintable():  # all that is made visible here is unprintable; asking is 100 times quicker
        result = "".join(map(_visible, result))
    if limit is not None and len(result) > limit:
        result = result[: max(limit - 1, 0)] + "…"
    return result


def _visible(char: str) -> str:
    code = ord(char)
    if code in _CONTROL_PICTURES:
        return _CONTROL_PICTURES[code]
    return f"<U+{code:04X}>" if unicodedata.category(char) in _INVISIBLE else char


def expanded(given: object, error: type[HpoError]) -> Path:
    """Return a path with its ``~`` written out. Raises ``error`` where no path can be so."""
    try:
        path = Path(str(given)).expanduser()
    except RuntimeError:
        raise error(f"{clean(given, 80)} is in the home folder of a user who has none here.") from None
    if "\0" in str(path):
        raise error(f"{clean(given, 80)} cannot be a path: it has a NUL character.")
    return path


def plural(count: int, noun: str, plural_noun: str | None = None) -> str:
    """Return "1 trial" or "60 trials"; ``plural_noun`` where adding an s is wrong."""
    return f"{count:,} {noun if count == 1 else (plural_noun or noun + 's')}"


def format_value(value: object) -> str:
    """Return a hyperparameter value as the screen, tables and file names show it: 0.0001, 12, adam, on."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        text = f"{value:.12g}"
        return text.replace("e-0", "e-").replace("e+0", "e+").replace("e+", "e")
    return clean(value)


def fewer_digits(text: str, room: int) -> str:
    """Return a number with as many digits as fit in ``room`` characters; "" where none do, or it is no number."""
    if not _LONG_NUMBER.fullmatch(text):
        return ""
    shorter = (format_value(float(f"{float(text):.{digits}g}")) for digits in range(max(room, 1), 0, -1))
    return next((number for number in shorter if len(number) <= room), "")


def format_seconds(seconds: float) -> str:
    """Return a duration as "0:04", "12:30", "3:05:00" (h:mm:ss) or "2 d 4 h"."""
    if seconds != seconds or seconds < 0 or seconds == float("inf"):
        return "–"
    total = round(seconds)
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


_MOST_LISTED = 24


def listed(values: Mapping[str, object]) -> str:
    """Return a trial's values in a row: "learning_rate 0.001, filters 48"; of very many, the first."""
    shown = [f"{clean(name)} {format_value(value)}" for name, value in islice(values.items(), _MOST_LISTED)]
    return ", ".join([*shown, "…"] if len(values) > _MOST_LISTED else shown)


def joined(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def did_you_mean(name: str, known: Sequence[str], otherwise: str) -> str:
    """Return "did you mean filters?" with the nearest of the ``known`` names; ``otherwise`` where none is near."""
    import difflib  # for slips of the pen only

    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {clean(near[0], 40)}?" if near else otherwise


def percent(share: float) -> str:
    """Return a share as "57 %"; what would round to 0 is "< 1 %"."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def p_words(p: float) -> str:
    """Return "p = 0.73", "p = 0.004" or "p < 0.001"."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
