"""The trim: what is taken out of view. Reversible, undoable, and it never deletes anything.

A ``Trim`` is immutable; every change returns a new one that remembers the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from hpo_core.errors import FilterError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.spec import parse_value
from hpo_core.text import clean, format_value

Hidden = frozenset[tuple[str, Value]]

TRIAL = ""
"""The name under which single trials are taken out of view, by their numbers; no hyperparameter can have it."""


Cut = tuple[Hidden, str, bool]
"""What a trim takes out: values and trials, what the filter line keeps out, and whether collapsed trainings go."""


class Trim(Struct, frozen=True):
    """``hidden`` holds (hyperparameter, value) pairs, and (``TRIAL``, number) for a trial dropped by itself.

    ``where`` is a filter line that the trials in view satisfy, ``without_collapsed`` says that collapsed trainings
    count for nothing; both are held here for the one way back, and applied by whoever has the results they ask
    for. ``past`` and ``future`` make undo and redo without limit.
    """

    hidden: Hidden = frozenset()
    where: str = ""
    without_collapsed: bool = False
    past: tuple[Cut, ...] = ()
    future: tuple[Cut, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hidden)

    @property
    def cut(self) -> Cut:
        """What is taken out of view."""
        return self.hidden, self.where, self.without_collapsed

    def hides(self, name: str, value: Value) -> bool:
        """Whether this value is out of view."""
        return (name, value) in self.hidden

    @property
    def dropped(self) -> frozenset[int]:
        """The trials taken out by themselves, not by one of their values."""
        return frozenset(number for name, number in self.hidden if name == TRIAL and isinstance(number, int))

    def drop(self, numbers: Iterable[int]) -> Trim:
        """Take single trials out of view."""
        return self.hide(TRIAL, *numbers)

    def hide(self, name: str, *values: Value) -> Trim:
        """Take values out of view."""
        return self._to(self.hidden | {(name, value) for value in values})

    def hide_pairs(self, pairs: Iterable[tuple[str, Value]]) -> Trim:
        """Take values of several hyperparameters out of view, in one step."""
        return self._to(self.hidden | set(pairs))

    def show(self, name: str, *values: Value) -> Trim:
        """Bring values back into view."""
        return self._to(self.hidden - {(name, value) for value in values})

    def toggle(self, name: str, *values: Value) -> Trim:
        """Take values out of view, or where none of them is in view, bring them back."""
        out = all(self.hides(name, value) for value in values)
        return self.show(name, *values) if out else self.hide(name, *values)

    def only(self, factor: Hyperparameter, *values: Value) -> Trim:
        """Show these values of the hyperparameter and none of its others."""
        shown = {(factor.name, value) for value in values}
        return self._to((self.hidden - shown) | ({(factor.name, value) for value in factor.values} - shown))

    def all(self, factor: Hyperparameter) -> Trim:
        """Bring every value of the hyperparameter back."""
        return self._to(frozenset(pair for pair in self.hidden if pair[0] != factor.name))

    def invert(self, factor: Hyperparameter) -> Trim:
        """Swap what is in and what is out of view for one hyperparameter."""
        return self._to(self.hidden ^ {(factor.name, value) for value in factor.values})

    def filtered(self, where: str) -> Trim:
        """Take out of view what does not satisfy a filter line; an empty one takes nothing."""
        return self._to(self.hidden, where=where)

    def leaving_out_collapsed(self, out: bool) -> Trim:
        """Take collapsed trainings out of account, or count them again."""
        return self._to(self.hidden, without_collapsed=out)

    def reset(self) -> Trim:
        """Bring every trial back into view."""
        return self._to(frozenset(), where="")

    def undo(self) -> Trim:
        """Return to the trim before the last change; the same trim where there is none."""
        if not self.past:
            return self
        return Trim(*self.past[-1], self.past[:-1], (*self.future, self.cut))

    def redo(self) -> Trim:
        """Take back the last undo."""
        if not self.future:
            return self
        return Trim(*self.future[-1], (*self.past, self.cut), self.future[:-1])

    def _to(self, hidden: Hidden, where: str | None = None, without_collapsed: bool | None = None) -> Trim:
        line = self.where if where is None else where
        out = self.without_collapsed if without_collapsed is None else without_collapsed
        if (hidden, line, out) == self.cut:
            return self
        return Trim(hidden, line, out, (*self.past, self.cut))


def parse_hides(grid: Grid, hides: Iterable[str], base: Trim | None = None) -> Trim:
    """Return the trim that ``--hide NAME=VALUE[,VALUE]`` asks for. Raises ``FilterError``."""
    trim = Trim() if base is None else base
    for text in hides:
        name, equals, values = text.partition("=")
        factor = next((factor for factor in grid.hyperparameters if factor.name == name.strip()), None)
        if factor is None or not equals:
            known = ", ".join(clean(factor.name, 40) for factor in grid.hyperparameters)
            raise FilterError(f"--hide {clean(text, 80)!r}: write NAME=VALUE, with NAME one of {known}.")
        trim = trim.hide(factor.name, *(match_value(factor, value) for value in values.split(",")))
    return trim


def match_value(factor: Hyperparameter, text: str) -> Value:
    """Return the value that ``text`` names, by number where both are numbers. Raises ``FilterError``."""
    wanted = parse_value(text)
    for value in factor.values:
        same = value == wanted and isinstance(value, bool) is isinstance(wanted, bool)
        if same or str(value) == text.strip() or format_value(value) == text.strip():
            return value
    known = ", ".join(format_value(value) for value in factor.values)
    raise FilterError(f"{clean(factor.name, 40)} has no value {clean(text, 40)!r}; it has {known}.")


def pairs(trim: Trim) -> Sequence[tuple[str, Value]]:
    """Return the hidden pairs in a stable order, for saving."""
    return sorted(trim.hidden, key=lambda pair: (pair[0], str(pair[1])))
