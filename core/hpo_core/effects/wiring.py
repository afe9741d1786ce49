"""The wiring check: does a hyperparameter reach the training at all? By curves here; by probes, see probed.py.

Where trials share their seeds, two of them that differ in one hyperparameter start from the same weights and see
the same batches. If that hyperparameter changes nothing, their curves are the same to the last bit. Where they are
not, but the device need not repeat its bits, curves are compared by distance too: those of values that change
nothing lie much closer together than the curves of two replicates (``CLOSE`` of their distance, root mean square).

A claim is only made where every pair of trainings that can be compared agrees, over whole curves of finished
trainings: trials that differ in ``epochs`` share their first epochs rightly.
"""

from __future__ import annotations

from itertools import combinations
from typing import ClassVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.effects.inputs import Curve, Factor, Ints, Results, number_together
from hpo_core.effects.probed import Probed, probed_words, seen_with
from hpo_core.effects.same_curves import CLOSE, Same, close_curves, same_bits
from hpo_core.plan.hyperparameters import Value
from hpo_core.text import clean, format_value, plural


class SameCurves(Struct, frozen=True):
    """Values of a hyperparameter that train alike: ``pairs`` trainings were compared, and all agreed.

    ``every_value`` says that these are all the values seen; ``exact`` that the curves agree to the last bit.
    ``only`` are the values of other hyperparameters with which they could be compared so far, where those are not
    all: with others the hyperparameter may matter.
    """

    fault: ClassVar[bool] = True

    factor: str
    values: tuple[Value, ...]
    every_value: bool
    pairs: int
    exact: bool
    only: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def __str__(self) -> str:
        name = clean(self.factor)
        compared = plural(self.pairs, "pair")
        listed = "" if self.every_value else f" ({', '.join(format_value(value) for value in self.values)})"
        what = "no effect on training" if self.every_value else "no effect on training between some values"
        what += f" so far, {seen_with(self.only)}" if self.only else ""
        if self.exact:
            how = f"{len(self.values)} values{listed} gave identical curves ({compared} of trainings compared)"
            return f"{name} has {what}: {how}."
        return (
            f"{name} seems to have {what}: the curves of {len(self.values)} values{listed} are less than "
            f"{CLOSE:.0%} as far apart as those of replicates (compared by distance over {compared} of trainings, "
            "because this device need not repeat its bits)."
        ).replace("%", " %")


Wiring = SameCurves | Probed
"""Something to say of a hyperparameter's wiring; a ``fault`` where it changes nothing."""


def wiring_of(results: Results) -> tuple[Wiring, ...]:
    """Return what is to be said: by curves, then by probes, where curves do not say more."""
    by_curves = check_wiring(results)
    said = {claim.factor for claim in by_curves if claim.every_value}
    return (*by_curves, *probed_words(finding for finding in results.probed if finding.hyperparameter not in said))


def check_wiring(results: Results) -> tuple[SameCurves, ...]:
    """Look for hyperparameters, or some of their values, that change nothing in the curves.

    Needs trials that share seeds (``blocked``) and curves; finds nothing where there are none. Curves of
    trainings that did not end as complete are left out.
    """
    if not results.blocked or not results.curves:
        return ()
    rows, curves = _finished(results)
    if len(rows) < 2:
        return ()
    bits = same_bits(curves)
    close = None if results.repeatable else close_curves(curves, results.trial[rows])
    found: list[SameCurves] = []
    for place, factor in enumerate(results.factors):
        table = _by_value(results, rows, place)
        claims = _agreeing(factor, table, bits, exact=True)
        if close is not None and not any(claim.every_value for claim in claims):
            claims = _agreeing(factor, table, close, exact=False) or claims
        found.extend(replace(claim, only=_compared_with(results, rows, table, place, claim)) for claim in claims)
    return tuple(found)


def _compared_with(
    results: Results, rows: Ints, table: Ints, place: int, claim: SameCurves
) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """Return with which values of each other hyperparameter a claim's values were compared, where not with all."""
    factor = results.factors[place]
    claimed = table[:, [code for code, value in enumerate(factor.values) if value in claim.values]]
    used = claimed[(claimed >= 0).sum(axis=1) > 1]
    codes = results.codes[rows[used[used >= 0]]]
    only = []
    for other, entry in enumerate(results.factors):
        seen = np.unique(codes[:, other])
        if other != place and len(seen) < len(entry.values):
            only.append((entry.name, tuple(entry.values[int(code)] for code in seen)))
    return tuple(only)


def _finished(results: Results) -> tuple[Ints, list[Curve]]:
    """Return the rows that have the curve of a finished training, and those curves."""
    rows, curves = [], []
    for row, key in enumerate(zip(results.trial.tolist(), results.replicate.tolist(), strict=True)):
        curve = results.curves.get(key)
        if curve and (results.status is None or results.status[row] == "complete"):
            rows.append(row)
            curves.append(curve)
    return np.asarray(rows, dtype=np.int64), curves


def _by_value(results: Results, rows: Ints, place: int) -> Ints:
    """Return the curve of each value (column) in each group of otherwise equal trainings (row); −1: none."""
    group = results.replicate[rows]
    for other, codes in enumerate(results.codes[rows].T):
        if other != place:
            group = number_together(group, codes)
    group = number_together(group, np.zeros_like(group))
    table = np.full((int(group.max()) + 1, len(results.factors[place].values)), -1, dtype=np.int64)
    table[group, results.codes[rows, place]] = np.arange(len(rows))
    return table


def _agreeing(factor: Factor, table: Ints, same: Same, exact: bool) -> list[SameCurves]:
    seen = [code for code in range(table.shape[1]) if np.any(table[:, code] >= 0)]
    group_of = {code: code for code in seen}
    pairs: dict[tuple[int, int], int] = {}
    different: list[tuple[int, int]] = []
    for first, second in combinations(seen, 2):
        both = (table[:, first] >= 0) & (table[:, second] >= 0)
        if not np.any(both):
            continue
        if not same(table[both, first], table[both, second]):
            different.append((first, second))
            continue
        pairs[first, second] = int(both.sum())
        merged, old = group_of[first], group_of[second]
        group_of = {code: merged if group == old else group for code, group in group_of.items()}
    claims = []
    for group in sorted(set(group_of.values())):
        members = [code for code in seen if group_of[code] == group]
        disputed = any(first in members and second in members for first, second in different)
        if len(members) > 1 and not disputed:
            compared = sum(count for (first, _), count in pairs.items() if first in members)
            values = tuple(factor.values[code] for code in members)
            claims.append(SameCurves(factor.name, values, len(members) == len(seen), compared, exact))
    return claims
