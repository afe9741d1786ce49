"""How long the small things take that a person waits for: one command, one line each.

    python tests/bench/latency.py

Prints the best of a few rounds in milliseconds, on the machine that it runs on; figures in docstrings and in the
README come from here. Nothing is asserted: a busy machine makes any of them slower.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from hpo_core.effects import Factor, Results, analyse
from hpo_core.errors import SpecError
from hpo_core.journal.events import Envelope, ResultAdopted
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import analyse_session
from hpo_core.results.filter import compile_filter
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import measure_of
from hpo_core.results.table import table_of
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.workloads.images import fruit

SIZES = (5, 5, 5, 5, 4, 4)
REPLICATES = 4


def best(deed: Callable[[], object], rounds: int = 5) -> float:
    """The shortest time of a few rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        deed()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def large_session() -> Snapshot:
    """10,000 trials × 4 replicates × 6 hyperparameters, all finished, with curves of 5 epochs."""
    factors = tuple(Hyperparameter(f"h{n}", tuple(range(size))) for n, size in enumerate(SIZES))
    spec = SessionSpec(DataSpec("import"), Grid(factors), replicates=REPLICATES)
    state = SessionState(spec)
    draw = np.random.default_rng(1)
    for seq, key in enumerate(spec.grid.jobs(REPLICATES), 1):
        ends = draw.random(4)
        rows: tuple[dict[str, float | None], ...] = tuple(
            {
                "val_accuracy": float(ends[0] * share),
                "accuracy": float(ends[1] * share),
                "val_loss": float(ends[2] / share),
                "loss": float(ends[3] / share),
            }
            for share in (0.6, 0.8, 0.9, 0.95, 1.0)
        )
        event = ResultAdopted(
            trial=key.trial, replicate=key.replicate, status="complete", origin="bench", epochs=rows
        )
        state.apply(Envelope(seq, 1, 0.0, event))
    return state.snapshot()


def large_results() -> Results:
    """The same session as the analysis takes it."""
    grids = np.stack(np.unravel_index(np.arange(int(np.prod(SIZES))), SIZES), axis=1)
    codes = np.repeat(grids, REPLICATES, axis=0)
    draw = np.random.default_rng(1)
    return Results(
        tuple(Factor(f"h{n}", tuple(range(size))) for n, size in enumerate(SIZES)),
        codes,
        codes[:, 0] * 0.1 + draw.normal(size=len(codes)),
        np.tile(np.arange(1, REPLICATES + 1), len(grids)),
        np.repeat(np.arange(1, len(grids) + 1), REPLICATES),
    )


def refuse_a_billion() -> None:
    """A grid of 10^9 trials, counted and refused."""
    thousand = list(range(1, 1001))
    lists = "".join(f"{name} = {thousand}\n" for name in ("filters", "dense_units", "epochs"))
    try:
        SessionSpec.parse(f'[data]\nsource = "fruit"\n[grid]\n{lists}')
    except SpecError:
        return
    raise AssertionError("a grid of a billion trials was accepted")


def command(*arguments: str) -> Callable[[], object]:
    """The real command as a process of its own."""
    return lambda: subprocess.run(
        [sys.executable, "-m", "hpo_tui", *arguments], capture_output=True, check=True, stdin=subprocess.DEVNULL
    )


def arrays(snapshot: Snapshot) -> None:
    """What one new snapshot costs before anything is drawn: the table, the scores, what a trim leaves."""
    table_of(snapshot).scores(measure_of(snapshot))
    in_view(snapshot, Trim().hide("h0", 1))


def main() -> None:
    """Measure and print."""
    snapshot = large_session()
    results = large_results()
    found = compile_filter("h0<3 and h1>=2 and val_accuracy>0.5", snapshot)
    holes = np.random.default_rng(1).random(len(snapshot.spec.grid)) > 0.2
    shown = measure_of(snapshot)
    loud = results.measured(results.y * np.where(results.codes[:, 1] == 0, 3.0, 1.0))
    rows = [
        ("hpo-tui --help", best(command("--help"))),
        ("hpo-tui list", best(command("list"))),
        ("a grid of 10^9 trials counted and refused", best(refuse_a_billion)),
        (
            "arrays of 10,000 trials × 4 × 6, trimmed",
            best(lambda: arrays(replace(snapshot))),
        ),
        ("a filter line over the same", best(lambda: found.mask(snapshot))),
        ("effects of the same, main and pairs", best(lambda: analyse(results, metric="val_accuracy"), 3)),
        ("  with noise that is not the same everywhere", best(lambda: analyse(loud, metric="val_accuracy"), 3)),
        ("  the whole session, with curves of 5 epochs", best(lambda: analyse_session(snapshot, shown), 3)),
        ("  a fifth of its trials out of view", best(lambda: analyse_session(snapshot, shown, holes), 3)),
        ("one generated fruit image, 100×100", best(lambda: fruit.draw(3, 7, (100, 100), 0))),
    ]
    for name, milliseconds in rows:
        print(f"{name:<48}{milliseconds:>10.1f} ms")


if __name__ == "__main__":
    main()
