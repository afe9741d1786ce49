"""What probes say of the wiring, in sentences; see ``plan.probes``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from hpo_core.plan.probes import Finding
from hpo_core.plan.setting import Value
from hpo_core.text import clean, format_value, joined

_LISTED = 60
_ORDER = ("nothing", "late", "untold")


class Probed(Struct, frozen=True):
    """What was found of one hyperparameter, or of several that cannot be told for the same reason."""

    factors: tuple[str, ...]
    finding: Finding

    @property
    def factor(self) -> str:
        """The hyperparameter, or all of them."""
        return joined(self.factors)

    @property
    def fault(self) -> bool:
        """Whether it changes nothing."""
        return self.finding.verdict == "nothing"

    def __str__(self) -> str:
        found, names = self.finding, joined([clean(name) for name in self.factors])
        if found.verdict == "untold":
            reach = "reaches" if len(self.factors) == 1 else "reach"
            return f"Whether {names} {reach} the training cannot be told: {clean(found.reason)}."
        values = joined([format_value(value) for value in found.values] or ["other values"])
        if found.verdict == "late":
            return f"{names} changes only after an epoch: until then, probes with {values} have the same bits."
        only = f" {seen_with(tuple(found.only.items()))}" if found.only else ""
        return f"{names} changes nothing in {found.steps} steps{only}: probes with {values} have the same bits."


def in_short(found: Finding | None) -> str:
    """Return a finding in a few words, as a table or a script wants it."""
    if found is None:
        return "not probed"
    return {
        "reaches": "reaches the training",
        "late": "changes only after an epoch",
        "nothing": f"changes nothing in {found.steps} steps",
        "untold": f"cannot be told: {clean(found.reason)}",
    }[found.verdict]


def probed_words(findings: Iterable[Finding]) -> tuple[Probed, ...]:
    """Return what is to be said, faults first: nothing of a hyperparameter that reaches every step."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        key = finding.reason if finding.verdict == "untold" else finding.hyperparameter
        groups.setdefault((finding.verdict, key), []).append(finding)
    return tuple(
        Probed(tuple(finding.hyperparameter for finding in group), group[0])
        for wanted in _ORDER
        for (verdict, _), group in groups.items()
        if verdict == wanted
    )


def seen_with(only: Sequence[tuple[str, tuple[Value, ...]]]) -> str:
    """Return "with optimizer adam and filters 12, 24": the values of others with which something was seen."""
    listed = joined([f"{clean(name)} {', '.join(map(format_value, values))}" for name, values in only])
    return f"with {listed}" if len(listed) <= _LISTED else "with a part of the grid"
