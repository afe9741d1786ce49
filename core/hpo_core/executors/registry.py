"""The executors that can be asked for by name. An executor more is a row here and its module.

The module is named, not imported: a command line that offers an executor does not need what it brings in.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, cast

from hpo_core.errors import HpoError
from hpo_core.executors.executor import Executor
from hpo_core.journal.events import EngineOptions
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean


@dataclass(frozen=True, slots=True)
class ExecutorFacts:
    """``module`` offers what ``ExecutorModule`` says; ``meaning`` says where its jobs run, for the command line.

    One without a meaning is not offered there.
    """

    name: str
    module: str
    meaning: str = ""


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
            ExecutorFacts("replay", "hpo_core.executors.replay"),
        )
    }
)
"""Every executor, by name; the first is the default."""


def start_executor(folder: SessionFolder, options: EngineOptions) -> Executor:
    """Return the executor that ``options`` name. Raises ``HpoError``."""
    facts = EXECUTORS.get(options.executor)
    if facts is None:
        raise HpoError(f"There is no executor {clean(options.executor, 60)!r} here, only {', '.join(EXECUTORS)}.")
    return cast(ExecutorModule, importlib.import_module(facts.module)).start(folder, options)
