"""Simulated sessions whose truth is known, and sessions put together from real trainings: see truth.py.

Every draw is a function of a seeded generator alone. ``NOTHING`` are sessions in which no hyperparameter does
anything, so that whatever is found is a false alarm.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.effects import Effects, Factor, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import cells_of

Floats = NDArray[np.float64]
Random = np.random.Generator
Draw = Callable[[Random], Results]

METRIC = "val_accuracy"
SD = 0.01
SHAPES = ((2, 2), (3, 3), (3, 2, 3), (5, 3, 4))
POOL = Path(__file__).with_name("truth_pool.csv")


def grid(shape: tuple[int, ...], replicates: int, y: Floats | float = 0.0, blocked: bool = False) -> Results:
    """Return a full grid, replicate after replicate, with these scores (n)."""
    cells = np.array(list(itertools.product(*map(range, shape))), dtype=np.int64)
    factors = tuple(Factor(name, tuple(range(size))) for name, size in zip("abcdef", shape, strict=False))
    count = len(cells) * replicates
    return Results(
        factors,
        np.tile(cells, (replicates, 1)),
        np.broadcast_to(np.asarray(y, dtype=float), (count,)).copy(),
        np.repeat(np.arange(1, replicates + 1), len(cells)),
        np.tile(np.arange(1, len(cells) + 1), replicates),
        blocked,
    )


def normal(results: Results, random: Random) -> Floats:
    """Return noise of sd ``SD`` around 0.5."""
    return 0.5 + SD * random.normal(size=len(results))


@dataclass(frozen=True)
class Nothing:
    """One kind of session with nothing to find; ``shape`` are the numbers of values."""

    kind: str
    shape: tuple[int, ...]
    draw: Draw

    @property
    def name(self) -> str:
        """The kind and the shape, as they are printed."""
        return f"{self.kind}, {'×'.join(map(str, self.shape))}"


def alike(shape: tuple[int, ...], replicates: int, random: Random) -> Results:
    """Return a session whose trials differ by noise alone, the same for all."""
    results = grid(shape, replicates)
    return results.measured(normal(results, random))


def _louder(shape: tuple[int, ...], ratio: float) -> Draw:
    """One value of the first hyperparameter is so many times as noisy as the others."""

    def draw(random: Random) -> Results:
        results = grid(shape, 2)
        sd = np.where(results.codes[:, 0] == 0, ratio, 1.0)
        return results.measured(0.5 + SD * sd * random.normal(size=len(results)))

    return draw


def _missing(shape: tuple[int, ...], share: float) -> Draw:
    def draw(random: Random) -> Results:
        results = alike(shape, 2, random)
        return results.only(random.random(len(results)) >= share)

    return draw


def _heavy(shape: tuple[int, ...]) -> Draw:
    """Noise with the tails of Student's t on 2 degrees of freedom: its variance is infinite."""

    def draw(random: Random) -> Results:
        results = grid(shape, 2)
        return results.measured(0.5 + SD * random.standard_t(2, size=len(results)))

    return draw


def _skewed(shape: tuple[int, ...]) -> Draw:
    """Accuracies close to 1, and now and then a training that collapsed."""

    def draw(random: Random) -> Results:
        results = grid(shape, 2)
        y = 1 - 0.02 * random.gamma(1.0, size=len(results))
        return results.measured(np.where(random.random(len(y)) < 0.05, 0.1, y))

    return draw


def _blocks(shape: tuple[int, ...]) -> Draw:
    """Seeds that all trials share make all of a replicate better or worse."""

    def draw(random: Random) -> Results:
        results = grid(shape, 2, blocked=True)
        seed = 2 * SD * random.normal(size=3)
        return results.measured(normal(results, random) + seed[results.replicate])

    return draw


def _copies(shape: tuple[int, ...], correlation: float, replicates: int) -> Draw:
    """Shared seeds, and trainings that differ in all but the first hyperparameter correlate over them."""

    def draw(random: Random) -> Results:
        results = grid(shape, replicates, blocked=True)
        seed = random.normal(size=(shape[0], replicates + 1))[results.codes[:, 0], results.replicate]
        own = random.normal(size=len(results))
        return results.measured(0.5 + SD * (correlation**0.5 * seed + (1 - correlation) ** 0.5 * own))

    return draw


def _kinds(shape: tuple[int, ...]) -> list[Nothing]:
    draws: dict[str, Draw] = {
        "alike, 2 replicates": partial(alike, shape, 2),
        "alike, 5 replicates": partial(alike, shape, 5),
        "one replicate": partial(alike, shape, 1),
        **{f"one value {ratio} × as noisy": _louder(shape, ratio) for ratio in (3, 5, 10, 20)},
        **{f"{share:.0%} missing".replace("%", " %"): _missing(shape, share) for share in (0.2, 0.4)},
        "heavy tails": _heavy(shape),
        "near 1, some collapsed": _skewed(shape),
        "shared seeds as blocks": _blocks(shape),
        **{
            f"shared seeds, correlation {rho:g}, {count} replicates": _copies(shape, rho, count)
            for rho in (0, 0.3, 0.6, 0.9, 1)
            for count in (2, 5)
        },
    }
    return [Nothing(kind, shape, draw) for kind, draw in draws.items()]


NOTHING: tuple[Nothing, ...] = tuple(one for shape in SHAPES for one in _kinds(shape))


def false_alarm(results: Results, only: str = "", **options: bool) -> bool:
    """Whether anything is found: an effect (that ``only`` is part of), or a value to be dropped."""
    found = analyse(results, metric=METRIC, **options)  # type: ignore[arg-type]
    effects = any(line.real for line in found.effects if not only or only in line.factors)
    return effects or any(value.droppable for value in found.values if not only or value.name == only)


def alarm_at_any_look(replicates: int, results: Results) -> bool:
    """Whether anything is found at any of the looks at two replicates, three, ... of a session under way."""
    return any(
        false_alarm(replace(results.only(results.replicate <= done), look=(done, replicates)))
        for done in range(2, replicates + 1)
    )


def pools(path: Path = POOL) -> dict[tuple[str, str], Floats]:
    """Return real scores by (hyperparameter, seeding), values × seeds: what ``truth_pool.py`` recorded."""
    table: dict[tuple[str, str], dict[tuple[str, int], float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            own = table.setdefault((row["hyperparameter"], row["seeds"]), {})
            own[row["value"], int(row["replicate"])] = float(row["val_accuracy"])
    shaped = {}
    for key, scores in table.items():
        values = list(dict.fromkeys(value for value, _ in scores))
        seeds = sorted({seed for _, seed in scores})
        shaped[key] = np.array([[scores[value, seed] for seed in seeds] for value in values])
    return shaped


def from_pool(pool: Floats, shared: bool, replicates: int, shams: int = 3) -> Draw:
    """Return sessions of a real hyperparameter (a) beside one that does nothing (b), whose values only draw lots.

    Shared: b's values have other seeds, and all of a's values have them together, as shared seeds make it.
    """
    values, seeds = pool.shape

    def draw(random: Random) -> Results:
        results = grid((values, shams), replicates, blocked=shared)
        a, b = results.codes.T
        if shared:
            lots = random.permutation(seeds)[: shams * replicates].reshape(shams, replicates)
            return results.measured(pool[a, lots[b, results.replicate - 1]])
        own = np.stack([random.permutation(seeds)[: shams * replicates] for _ in range(values)])
        return results.measured(pool[a, own.reshape(values, shams, replicates)[a, b, results.replicate - 1]])

    return draw


@dataclass(frozen=True)
class Known:
    """A session with effects, and the true score of each of its trainings (n)."""

    results: Results
    truth: Floats


def with_effects(shape: tuple[int, ...], replicates: int, random: Random, how: str = "alike") -> Known:
    """Draw main effects and interactions of one to three sd of the noise, which is as ``how`` says."""
    results = grid(shape, replicates, blocked=how.startswith("shared"))
    truth = np.zeros(len(results))
    for place, size in enumerate(shape):
        truth += 2 * SD * random.normal(size=size)[results.codes[:, place]]
    cell = np.ravel_multi_index(tuple(results.codes.T), shape)
    truth += SD * random.normal(size=int(np.prod(shape)))[cell]
    sd = np.where(results.codes[:, 0] == 0, 5.0, 1.0) if how == "unequal" else 1.0
    noise = random.normal(size=len(results))
    if how == "shared":
        seed = random.normal(size=(shape[0], replicates + 1))[results.codes[:, 0], results.replicate]
        noise = 0.8**0.5 * seed + 0.2**0.5 * noise
    known = Known(results.measured(0.5 + truth + SD * sd * noise), truth)
    if how == "missing":
        kept = random.random(len(results)) >= 0.2
        return Known(known.results.only(kept), truth[kept])
    return known


def best_is_dropped(known: Known) -> bool:
    """Whether the truly best trial has a value that is offered for dropping."""
    found = analyse(known.results, metric=METRIC)
    best = known.results.codes[int(np.argmax(known.truth))]
    return any(
        factor.values[int(code)] in judged.droppable
        for factor, code, judged in zip(known.results.factors, best, found.values, strict=True)
    )


def shifted(shape: tuple[int, ...], place: int, difference: float, random: Random, replicates: int = 2) -> Results:
    """Return a session in which one value of one hyperparameter is worse by ``difference``, the others alike."""
    results = grid(shape, replicates)
    return results.measured(normal(results, random) - difference * (results.codes[:, place] == 0))


def found_at(results: Results, place: int) -> bool:
    """Whether the effect of that hyperparameter is found."""
    return analyse_variance(cells_of(results), results.factors, 2, seen=False).effects[place].real


def spread_out(
    shape: tuple[int, ...], place: int, difference: float, random: Random, replicates: int = 2
) -> Results:
    """As ``shifted``, but the least that such a difference can be: the other values lie in the middle."""
    results = grid(shape, replicates)
    code, last = results.codes[:, place], shape[place] - 1
    shift = np.where(code == 0, -difference / 2, np.where(code == last, difference / 2, 0.0))
    return results.measured(normal(results, random) + shift)


def said_to_be_seen(effects: Effects, place: int) -> float:
    """Return the difference that would have been seen, where the session says so; else NaN."""
    line = effects.effects[place]
    return line.seen_difference if line.verdict == "no detectable effect" else float("nan")


KINDS_OF_TRUTH: Mapping[str, str] = {
    "alike": "the same noise everywhere",
    "unequal": "one value 5 × as noisy",
    "missing": "a fifth missing",
    "shared": "shared seeds, correlation 0.8",
}
