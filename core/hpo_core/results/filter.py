"""The one small filter language, of the filter line on the screen and of ``--where`` and ``--hide``.

    learning_rate<=1e-3 and loss!=poisson and (val_accuracy>0.9 or not status in (failed, diverged))

A comparison is a name, one of ``= == != < <= > >=``, and a value, or a name, ``in`` and a list of values in
brackets. ``not`` binds closest, then ``and``, then ``or``. What would be read as something else stands in quotes,
single or double, a quote within them written twice.

Names are the hyperparameters (varied and fixed), the metrics (the trial's mean), and ``status``, ``trial``,
``replicates``, ``complete`` and ``failed`` (how many replicates there are, are complete, failed or diverged).
Where a hyperparameter and a metric share a name, the hyperparameter is meant, unless it has texts only and is
compared with a number. A trial that has no mean of a metric satisfies no comparison with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.errors import FilterError
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.spec import parse_value
from hpo_core.plan.workloads import WORKLOADS
from hpo_core.results.filter_nodes import COUNTS, Comparison, Constant, Junction, Node, Not
from hpo_core.results.filter_tokens import KEYWORDS, SIGNS, Token, tokens_of
from hpo_core.results.table import table_of
from hpo_core.results.trim import match_value
from hpo_core.session.snapshot import STATUSES, Snapshot
from hpo_core.text import clean, did_you_mean

MAX_DEPTH = 40
"""So many brackets and nots within one another; more are taken for a slip."""


class Filter(Struct, frozen=True):
    """A filter line that parsed; ``str`` writes it."""

    node: Node

    def mask(self, snapshot: Snapshot) -> NDArray[np.bool_]:
        """Return which trials of the session stay in view; entry i is trial i + 1."""
        return self.node.mask(table_of(snapshot))

    def __str__(self) -> str:
        return str(self.node)


def compile_filter(line: str, snapshot: Snapshot) -> Filter:
    """Return the filter that ``line`` writes for this session; an empty line keeps every trial.

    Raises ``FilterError``, which says at which character what was expected.
    """
    if not line.strip():
        return Filter(Junction("and", ()))
    return Filter(_Parser(line, snapshot).whole())


class _Parser:
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, line: str, snapshot: Snapshot) -> None:
        self.tokens = tokens_of(line)
        self.at = 0
        self.depth = 0
        spec = snapshot.spec
        self.varied = {factor.name: factor for factor in spec.grid.hyperparameters}
        self.fixed = {name: Hyperparameter(name, (value,)) for name, value in spec.fixed.items()}
        self.metrics = {*snapshot.metrics, *(WORKLOADS[spec.workload].metrics if spec.trainable else ())}

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def fail(self, token: Token, sentence: str) -> FilterError:
        return FilterError(f"Filter, character {token.place}: {sentence}")

    def whole(self) -> Node:
        node = self.either()
        if self.next.kind != "end":
            raise self.fail(self.next, f"'and' or 'or' was expected, not {self.next}.")
        return node

    def either(self) -> Node:
        return self.junction("or", self.both)

    def both(self) -> Node:
        return self.junction("and", self.single)

    def junction(self, word: Literal["and", "or"], rule: Callable[[], Node]) -> Node:
        parts = [rule()]
        while self.next.is_keyword(word):
            self.take()
            parts.append(rule())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def single(self) -> Node:
        token = self.next
        if not (token.is_keyword("not") or token.is_bracket("(")):
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(token, f"more than {MAX_DEPTH} brackets and nots within one another.")
        self.take()
        if token.text == "not":
            node: Node = Not(self.single())
        else:
            node = self.either()
            if not self.next.is_bracket(")"):
                raise self.fail(self.next, f"')' was expected, not {self.next}.")
            self.take()
        self.depth -= 1
        return node

    def comparison(self) -> Node:
        name = self.take()
        if name.kind not in ("word", "text") or (name.kind == "word" and name.text in KEYWORDS):
            raise self.fail(name, f"a name was expected, such as {clean(self.known()[0], 40)}, not {name}.")
        if name.text not in self.known():
            there_are = f"there are {', '.join(clean(known, 40) for known in self.known()[:12])}."
            hint = did_you_mean(name.text, self.known(), there_are)
            raise self.fail(name, f"there is nothing named {name}; {hint}")
        if self.next.is_keyword("in"):
            self.take()
            return self.compare(name, "in", list(self.listed()))
        if self.next.is_keyword("not") and self.tokens[self.at + 1].is_keyword("in"):
            self.at += 2
            return Not(self.compare(name, "in", list(self.listed())))
        sign = self.take()
        if sign.kind != "sign":
            raise self.fail(sign, f"one of {' '.join(SIGNS)} or 'in' was expected after {name}, not {sign}.")
        return self.compare(name, sign.text, [self.value()])

    def listed(self) -> Iterator[Token]:
        if not self.next.is_bracket("("):
            raise self.fail(self.next, f"'(' and values were expected after 'in', not {self.next}.")
        self.take()
        yield self.value()
        while self.next.is_bracket(","):
            self.take()
            yield self.value()
        if not self.next.is_bracket(")"):
            raise self.fail(self.next, f"',' or ')' was expected, not {self.next}.")
        self.take()

    def value(self) -> Token:
        token = self.take()
        if token.kind not in ("word", "text") or (
            token.kind == "word" and token.text in ("and", "or", "not", "in")
        ):
            raise self.fail(token, f"a value was expected, not {token}.")
        return token

    def known(self) -> list[str]:
        return list(dict.fromkeys((*self.varied, *sorted(self.metrics), "status", *COUNTS, *self.fixed)))

    # What a comparison means ---------------------------------------------------------------------------------

    def compare(self, name: Token, sign: str, values: list[Token]) -> Node:
        factor = self.varied.get(name.text) or self.fixed.get(name.text)
        texts_only = factor is not None and all(isinstance(value, str) for value in factor.values)
        if factor is not None and not (
            texts_only and name.text in self.metrics and all(_is_number(token) for token in values)
        ):
            return self.of_hyperparameter(name, factor, texts_only, sign, values)
        if name.text in self.metrics:
            return Comparison(name.text, "metric", sign, tuple(self.number(name, token) for token in values))
        if name.text == "status":
            return self.of_status(name, sign, values)
        return Comparison(name.text, "count", sign, tuple(self.number(name, token) for token in values))

    def of_hyperparameter(
        self, name: Token, factor: Hyperparameter, texts_only: bool, sign: str, values: list[Token]
    ) -> Node:
        if sign in ("=", "!=", "in"):
            wanted = tuple(self.match(factor, token) for token in values)
        elif texts_only:
            raise self.fail(name, f"{clean(name.text, 40)} has texts for values; compare it with =, != or in.")
        else:
            wanted = tuple(self.number(name, token) for token in values)
        varied = name.text in self.varied
        comparison = Comparison(name.text, "varied" if varied else "fixed", sign, wanted)
        return comparison if varied else Constant(comparison.test(factor.values[0]), str(comparison))

    def match(self, factor: Hyperparameter, token: Token) -> Value:
        if token.text in factor.values:
            return token.text
        try:
            return match_value(factor, token.text)
        except FilterError as error:
            raise self.fail(token, str(error)) from None

    def of_status(self, name: Token, sign: str, values: list[Token]) -> Node:
        if sign not in ("=", "!=", "in"):
            raise self.fail(name, "a status is compared with =, != or in.")
        for token in values:
            if token.text not in STATUSES:
                raise self.fail(token, f"{token} is no status; they are {', '.join(STATUSES)}.")
        return Comparison("status", "status", sign, tuple(token.text for token in values))

    def number(self, name: Token, token: Token) -> float:
        value = parse_value(token.text)
        if isinstance(value, (str, bool)):
            raise self.fail(token, f"a number was expected for {clean(name.text, 40)}, not {token}.")
        return value


def _is_number(token: Token) -> bool:
    return not isinstance(parse_value(token.text), (str, bool))
