"""The words of a filter line: names, values, signs and brackets, each with its place."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from hpo_core.errors import FilterError
from hpo_core.text import clean

KEYWORDS = frozenset(("and", "or", "not", "in"))
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<sign><=|>=|!=|==|=|<|>)|(?P<bracket>[(),])"""
    r"""|(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<word>[^\s()<>=!,'"]+)"""
)
_PLAIN = re.compile(r"""[^\s()<>=!,'"]+""")

Kind = Literal["word", "text", "sign", "bracket", "end"]


class Token(Struct, frozen=True):
    """One word; ``place`` is the number of its first character, from 1. A quoted text has lost its quotes."""

    kind: Kind
    text: str
    place: int

    def is_keyword(self, word: str) -> bool:
        """Whether this is the keyword; a quoted one is a text."""
        return self.kind == "word" and self.text == word

    def is_bracket(self, bracket: str) -> bool:
        """Whether this is the bracket or the comma."""
        return self.kind == "bracket" and self.text == bracket

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(clean(self.text, 40))


def tokens_of(line: str) -> list[Token]:
    """Return the words of a line, an ``end`` last. Raises ``FilterError``."""
    tokens = []
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise FilterError(_fault_of(line[at], at + 1))
        kind, text = match.lastgroup, match[0]
        if kind == "text":
            text = text[1:-1].replace(text[0] * 2, text[0])
        if kind != "space":
            tokens.append(Token(kind, "=" if text == "==" and kind == "sign" else text, at + 1))  # type: ignore[arg-type]
        at = match.end()
    tokens.append(Token("end", "", len(line) + 1))
    return tokens


def _fault_of(char: str, place: int) -> str:
    if char == "!":
        return f"Filter, character {place}: '!' stands alone; write != or not."
    return f"Filter, character {place}: the quote {char} is opened and never closed."


def quoted(text: str) -> str:
    """Return a name or a value as a filter line writes it: in quotes where it would be read as something else."""
    if _PLAIN.fullmatch(text) and text not in KEYWORDS:
        return text
    return '"' + text.replace('"', '""') + '"'
