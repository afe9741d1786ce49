"""Works sessions off with engines that are killed at random points, each again and again until one has finished.

    python tests/core/engine/killed_engines.py SESSION...

Each engine is a process of its own, forked once everything is imported, and SIGKILLs itself after so many calls of
functions in Python: between any two steps of planning, journalling and training. Prints the kills of each session.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from importlib import import_module
from itertools import count
from pathlib import Path

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.plans import PLANS
from hpo_core.session.paths import SessionFolder

CALLS = 4_000
"""About so many calls the first engine lives for, a few trainings; each next one 2 to 4 times as many."""


def main() -> None:
    """Work off the sessions named on the command line."""
    for path in map(Path, sys.argv[1:]):
        spec = SessionFolder(path).load_spec()
        for module in (PLANS[spec.search.plan].module, "scipy.stats.qmc", "hpo_core.results.measure"):
            import_module(module or "hpo_core.plan.racing")
        chance = random.Random(path.name)
        calls, kills = CALLS * chance.uniform(0.5, 1.5), 0
        while not lives(path, int(calls)):
            calls, kills = calls * chance.uniform(2, 4), kills + 1
        print(kills, flush=True)


def lives(path: Path, calls: int) -> bool:
    """Whether an engine works the session off with so many calls."""
    pid = os.fork()
    if pid == 0:
        try:
            work(path, calls)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"the engine of {path} ended with status {status}")
    return status == 0


def work(path: Path, calls: int) -> None:
    """Work the session off in this process, as far as it gets."""
    made = count(1)

    def dies(*_: object) -> None:
        if next(made) > calls:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = Engine(SessionFolder(path), ReplayExecutor(), EngineOptions(workers=1), tick=0.001)
    sys.setprofile(dies)
    reason = engine.run()
    sys.setprofile(None)
    os._exit(0 if reason == "finished" else 1)


if __name__ == "__main__":
    main()
