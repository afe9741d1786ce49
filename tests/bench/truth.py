"""What the verdicts are worth: sessions whose truth is known, analysed as any other.

    python tests/bench/truth.py                   every kind of session, 600 draws each (about 15 minutes)
    python tests/bench/truth.py --draws 100 --only shared

Prints tables to paste: false alarms of whole sessions in which nothing is to be found (an effect declared real,
or a value offered for dropping), on simulated noise and on real trainings (truth_pool.csv); how often an effect of
two sd is found; how often the truly best trial is dropped; and how often a difference that a session says it would
have seen is seen in another one like it. Exit status: 0 done, 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from truth_draws import (
    KINDS_OF_TRUTH,
    METRIC,
    NOTHING,
    SD,
    alarm_at_any_look,
    alike,
    best_is_dropped,
    false_alarm,
    found_at,
    from_pool,
    pools,
    said_to_be_seen,
    shifted,
    spread_out,
    with_effects,
)

from hpo_core.effects import analyse

POWER_SHAPE = (3, 2, 3)


@dataclass(frozen=True)
class Measurement:
    """One line of a table; ``count`` returns in how many sessions of how many something happened."""

    table: str
    name: str
    count: Callable[[], tuple[int, int]]


def false_alarms(number: int, draws: int, seed: int) -> tuple[int, int]:
    """Count the sessions of kind ``number`` in which something is found."""
    return sum(false_alarm(NOTHING[number].draw(_random(seed, 1, number, draw))) for draw in range(draws)), draws


def pool_alarms(which: int, replicates: int, draws: int, seed: int) -> tuple[int, int]:
    """Count the sessions of real trainings in which the hyperparameter that draws lots is found to matter."""
    (_, seeds), pool = list(pools().items())[which]
    draw_from = from_pool(pool, seeds == "shared", replicates)
    rounds = range(draws)
    return sum(false_alarm(draw_from(_random(seed, 2, which, replicates, i)), only="b") for i in rounds), draws


def looks(replicates: int, draws: int, seed: int) -> tuple[int, int]:
    """Count the sessions in which something is found at any look while the replicates come in."""
    sessions = (alike(POWER_SHAPE, replicates, _random(seed, 6, replicates, draw)) for draw in range(draws))
    return sum(alarm_at_any_look(replicates, session) for session in sessions), draws


def power(place: int, draws: int, seed: int) -> tuple[int, int]:
    """Count the sessions in which an effect of two sd is found."""
    sessions = (shifted(POWER_SHAPE, place, 2 * SD, _random(seed, 3, place, draw)) for draw in range(draws))
    return sum(found_at(session, place) for session in sessions), draws


def best_lost(shape: tuple[int, ...], how: str, draws: int, seed: int) -> tuple[int, int]:
    """Count the sessions in which a value of the truly best trial is offered for dropping."""
    kind = list(KINDS_OF_TRUTH).index(how)
    sessions = (with_effects(shape, 2, _random(seed, 4, *shape, kind, draw), how) for draw in range(draws))
    return sum(map(best_is_dropped, sessions)), draws


def seen(shape: tuple[int, ...], replicates: int, draws: int, seed: int) -> tuple[int, int]:
    """Count how often a difference said to be seen is found in a fresh session with just that difference."""
    happened = said = 0
    for draw in range(draws):
        random = _random(seed, 5, *shape, replicates, draw)
        difference = said_to_be_seen(analyse(shifted(shape, 0, 0.0, random, replicates), metric=METRIC), 0)
        if difference == difference:
            said += 1
            happened += found_at(spread_out(shape, 0, difference, random, replicates), 0)
    return happened, said


def _random(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(list(numbers))


def measurements(draws: int, seed: int) -> Iterator[Measurement]:
    """Return all there is to measure."""
    alarms = "False alarms of a session"
    for number, kind in enumerate(NOTHING):
        yield Measurement(alarms, kind.name, partial(false_alarms, number, draws, seed))
    for number, (name, seeds) in enumerate(pools()):
        for replicates in (2, 5):
            words = f"real trainings, beside {name}, {seeds} seeds, {replicates} replicates"
            yield Measurement(alarms, words, partial(pool_alarms, number, replicates, draws, seed))
    for replicates in (3, 5):
        words = f"looked at from 2 replicates to {replicates}, {_words(POWER_SHAPE)}"
        yield Measurement(alarms, words, partial(looks, replicates, draws, seed))
    for place, size in enumerate(POWER_SHAPE):
        table = "An effect of 2 sd is found (3×2×3, 2 replicates)"
        yield Measurement(table, f"of {size} values", partial(power, place, draws, seed))
    for shape in ((3, 2, 3), (5, 3, 4)):
        for how, words in KINDS_OF_TRUTH.items():
            table = "The truly best trial is among those dropped"
            yield Measurement(table, f"{words}, {_words(shape)}", partial(best_lost, shape, how, draws, seed))
    for shape, replicates in (((3, 3), 2), ((3, 2, 3), 2), ((5, 3, 4), 2), ((3, 3), 5)):
        table, words = "A difference said to be seen is seen", f"{_words(shape)}, {replicates} replicates"
        yield Measurement(table, words, partial(seen, shape, replicates, draws, seed))


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _count(measurement: Measurement) -> tuple[int, int]:
    return measurement.count()


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=600, help="sessions of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="the lines that have this in their table's or their own name")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    arguments = parse_arguments(argv)
    chosen = [
        one
        for one in measurements(arguments.draws, arguments.seed)
        if arguments.only in f"{one.table}: {one.name}"
    ]
    table = ""
    with ProcessPoolExecutor(arguments.processes) as executor:
        for one, (happened, draws) in zip(chosen, executor.map(_count, chosen), strict=True):
            if one.table != table:
                table = one.table
                print(f"\n| {table} | of the draws |\n|---|---|")
            print(f"| {one.name} | {f'{100 * happened / draws:.1f} %' if draws else '-'} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
