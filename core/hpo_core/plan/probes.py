"""The probes of a session: which to ask for, what they may cost, and what their answers say.

A probe trains a few steps with one seed and tells the bits after each. The first one is repeated: where the same
seed and values give other bits, nothing can be told. Then each hyperparameter gets another value, all else equal:
where the bits stay the same it changes nothing, as far as was looked. So that a momentum which does nothing with
adam is not called inert, what changed nothing is asked again at other values of all the others, as long as the
budget lasts. A probe is never a result.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.setting import Value

SHARE = 0.02
"""Of the steps of all trainings, so many may go into probes."""

STEPS = 8
"""A probe trains so many steps where it may: half of them before the end of its first epoch, half after."""

LEAST_STEPS = 4
"""With fewer, a step's momentum could not be told from what acts between two epochs."""

NOT_REPEATABLE = "not deterministic, the same seed and values gave other bits"

Verdict = Literal["reaches", "late", "nothing", "untold"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What probes say of one hyperparameter; one that was not probed has none.

    ``verdict``: it ``reaches`` the training; it does so ``late``, with the bits the same until an epoch has ended;
    it changes ``nothing``; or that is ``untold``, for the ``reason``. ``values`` were compared over ``steps``.
    ``only`` are the values of other hyperparameters with which that was seen, where those are not all.
    """

    hyperparameter: str
    verdict: Verdict
    values: tuple[Value, ...] = ()
    steps: int = 0
    only: dict[str, tuple[Value, ...]] = {}
    reason: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a workload answers to a probe: how many steps an epoch has, and the bits after each step in ``prints``.

    Without prints it was declined as too dear, or it failed for a ``reason``. With some, a reason says why no
    other can be compared to it: it has diverged, or learnt nothing. After the ``last`` one none can be asked for.
    ``program`` is as in ``events.JobEnded``.
    """

    epoch_steps: int = 0
    prints: tuple[str, ...] = ()
    reason: str = ""
    last: bool = False
    program: str = ""


class Question(Struct, frozen=True):
    """A probe to ask for: so many ``steps`` at these values, if that is no more than so many ``epochs``.

    0 steps ask how many there are in an epoch.
    """

    values: Mapping[str, Value]
    steps: int
    epochs: float


Probing = Generator[Question, Answer, tuple[Finding, ...]]


def probing(factors: Sequence[Hyperparameter], budget: float) -> Probing:
    """Ask for the probes of a session that varies ``factors``, and return what was found, in their order.

    ``budget`` is what all of them may cost, in epochs; where that is too little for all hyperparameters, the first
    are probed, or none. What acts on a training's length is left out: a few steps cannot show it.
    """
    varied = [factor for factor in factors if len(factor.values) > 1 and not acts_on_length(factor.name)]
    return (yield from _Probes(varied, budget).run()) if varied else ()


def acts_on_length(name: str) -> bool:
    """Whether a hyperparameter acts on nothing but how long a training goes on."""
    return name in KNOWN and KNOWN[name].acts_on == "length"


def affordable(steps: float, epoch_steps: int, count: int) -> tuple[int, int]:
    """Return how many of ``count`` hyperparameters can be probed for ``steps`` in all, with how many steps each.

    Two probes of the base come first; each has two halves, neither longer than an epoch.
    """
    most = min(STEPS, 2 * epoch_steps)
    count = min(count, int(steps // LEAST_STEPS) - 2)
    return (count, int(min(most, steps // (count + 2))) // 2 * 2) if count > 0 and most >= LEAST_STEPS else (0, 0)


class _Probes:
    """The questions in their order, and what is known so far."""

    def __init__(self, varied: Sequence[Hyperparameter], budget: float) -> None:
        self._varied, self._left = varied, budget
        self._cycle = max(len(factor.values) for factor in varied)
        self._asked: Sequence[Hyperparameter] = ()
        self._epoch_steps = self._steps = 0
        self._found: dict[str, Finding] = {}
        self._alike: dict[str, list[tuple[Mapping[str, Value], Value]]] = {}
        """Where a hyperparameter changed nothing: the base, and the other value."""
        self._repeatable = self._over = False
        self._why = ""

    def run(self) -> Probing:
        self._epoch_steps = (yield Question(self._base(0), 0, 0.0)).epoch_steps
        count, self._steps = affordable(self._left * self._epoch_steps, self._epoch_steps, len(self._varied))
        self._asked = self._varied[:count]
        for number in range(2 * self._cycle):
            if self._over or not self._open or not self._affords(len(self._open) + (1 if self._repeatable else 2)):
                break
            yield from self._round(number)
        return tuple(finding for factor in self._asked if (finding := self._finding(factor)) is not None)

    def _round(self, number: int) -> Generator[Question, Answer, None]:
        """Probe a base, and what is still open at another value each."""
        base = self._base(number)
        first = yield from self._probe(base)
        if first.reason or not first.prints:
            self._why = first.reason or self._why
            return
        if not self._repeatable:
            again = yield from self._probe(base)
            if again.prints != first.prints:
                self._over, self._why = True, again.reason or NOT_REPEATABLE
                return
            self._repeatable = True
        for factor in self._open:
            value = factor.values[factor.values.index(base[factor.name]) - 1]
            answer = yield from self._probe({**base, factor.name: value})
            if answer.prints == first.prints:
                self._alike.setdefault(factor.name, []).append((base, value))
            elif answer.prints:
                late = _first_difference(first.prints, answer.prints) >= self._steps // 2
                self._found[factor.name] = Finding(
                    hyperparameter=factor.name,
                    verdict="late" if late else "reaches",
                    values=(base[factor.name], value),
                    steps=self._steps,
                )
            elif answer.reason and factor.name not in self._alike:
                self._found[factor.name] = _untold(factor, answer.reason)
            if self._over:
                return

    def _probe(self, values: Mapping[str, Value]) -> Generator[Question, Answer, Answer]:
        """Ask for one probe, and pay for it where it was not declined."""
        answer = yield Question(values, self._steps, self._left)
        if answer.prints or answer.reason:
            self._left -= self._steps / (answer.epoch_steps or self._epoch_steps)
        if answer.last:
            self._over, self._why = True, answer.reason
        return answer

    def _affords(self, probes: int) -> bool:
        return self._left * self._epoch_steps >= probes * self._steps

    @property
    def _open(self) -> list[Hyperparameter]:
        return [factor for factor in self._asked if factor.name not in self._found]

    def _base(self, number: int) -> dict[str, Value]:
        """Return values that are all others than those of the base before, as far as there are others.

        Once every value has had its turn, they meet in other combinations.
        """
        turn = number // self._cycle
        return {
            factor.name: factor.values[(number + turn * place) % len(factor.values)]
            for place, factor in enumerate(self._varied)
        }

    def _finding(self, factor: Hyperparameter) -> Finding | None:
        """Return what is known of a hyperparameter now; None where it was not probed."""
        if factor.name in self._found:
            return self._found[factor.name]
        alike = self._alike.get(factor.name)
        if alike is None:
            return _untold(factor, self._why) if self._why else None
        only = {
            other.name: values
            for other in self._varied
            if other is not factor
            and len(values := _in_order(other, (base[other.name] for base, _ in alike))) < len(other.values)
        }
        return Finding(
            hyperparameter=factor.name,
            verdict="nothing",
            values=_in_order(factor, (value for base, other in alike for value in (base[factor.name], other))),
            steps=self._steps,
            only=only,
        )


def _in_order(factor: Hyperparameter, values: Iterable[Value]) -> tuple[Value, ...]:
    seen = set(values)
    return tuple(value for value in factor.values if value in seen)


def _untold(factor: Hyperparameter, why: str) -> Finding:
    return Finding(hyperparameter=factor.name, verdict="untold", reason=why)


def _first_difference(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the place of the first print that is not the same; one list may end before the other."""
    differ = (place for place, (first, second) in enumerate(zip(one, other, strict=False)) if first != second)
    return next(differ, min(len(one), len(other)))
