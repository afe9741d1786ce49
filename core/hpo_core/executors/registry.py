"""The executors that can be asked for by name. An executor more is a row here and its module.

The module is named, not imported: a command line that offers an executor does not need what it brings in.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Protocol, cast

from msgspec import Struct

from hpo_core.errors import HpoError
from hpo_core.executors.executor import Executor
from hpo_core.journal.events import EngineOptions
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean


class ExecutorFacts(Struct, frozen=True):
    """``module`` offers what ``ExecutorModule`` says; ``meaning`` says where its jobs run, for the command line.

    One without a meaning is not offered there. ``needs`` is the package, and the extra, that it cannot do without;
    ``cluster`` says that it may be told the address of one.
    """

    name: str
    module: str
    meaning: str = ""
    needs: str = ""
    cluster: bool = False


class ExecutorModule(Protocol):
    """What the module of an executor offers."""

    def start(self, folder: SessionFolder, options: EngineOptions) -> Executor:
        """Return an executor for the session's jobs; no worker is started yet. Raises ``HpoError``."""
        ...


EXECUTORS: Mapping[str, ExecutorFacts] = MappingProxyType(
    {
        facts.name: facts
        for facts in (
            ExecutorFacts("local", "hpo_core.executors.local", "processes on this machine"),
            ExecutorFacts(
                "ray", "hpo_core.executors.ray_cluster", "processes on a Ray cluster's machines", "ray", True
            ),
            ExecutorFacts("replay", "hpo_core.executors.replay"),
        )
    }
)
"""Every executor, by name; the first is the default."""


def start_executor(folder: SessionFolder, options: EngineOptions) -> Executor:
    """Return the executor that ``options`` name. Raises ``HpoError``."""
    facts = check_options(options)
    return cast(ExecutorModule, importlib.import_module(facts.module)).start(folder, options)


def check_options(options: EngineOptions) -> ExecutorFacts:
    """Return what is known of the executor that ``options`` name. Raises ``HpoError`` where there can be none."""
    facts = EXECUTORS.get(options.executor)
    if facts is None:
        raise HpoError(f"There is no executor {clean(options.executor, 60)!r} here, only {', '.join(EXECUTORS)}.")
    if facts.needs and find_spec(facts.needs) is None:
        raise HpoError(f"The executor {facts.name!r} needs {facts.needs}: pip install 'hpo-tui[{facts.needs}]'.")
    if options.address and not facts.cluster:
        others = " or ".join(other.name for other in EXECUTORS.values() if other.cluster)
        raise HpoError(f"--address goes with --executor {others}; {facts.name!r} has no cluster.")
    return facts
