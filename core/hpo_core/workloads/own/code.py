"""Runs a user's file, and says where in it something went wrong."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from hpo_core.errors import HpoError
from hpo_core.plan.setting import Value
from hpo_core.text import clean, did_you_mean
from hpo_core.workloads.own.contracts import OwnFile
from hpo_core.workloads.own.values import NotNamedError, Values

MODULE = "hpo_tui_model"


def load(own: OwnFile, folder: Path, name: str = MODULE) -> ModuleType:
    """Run the file as a module, in its folder, whose other modules it can import. Raises ``HpoError``.

    ``name`` "__main__" runs what the file does where it is the program.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(name, own.path)
    assert spec is not None
    assert spec.loader is not None  # a .py file has one
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = sys.modules[name] = module  # so that classes of it can be found by name
    sys.argv = [str(own.path)]
    with told_where(own):
        spec.loader.exec_module(module)
    return module


@contextmanager
def told_where(own: OwnFile) -> Iterator[None]:
    """Let an exception of the user's code say which line of their file it came from; the log has the whole."""
    try:
        yield
    except HpoError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":
            raise
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(own.path)
        ]
        where = f" line {lines[-1]}" if lines else ""
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")
        kind = "" if isinstance(error, NotNamedError) else f"{type(error).__name__}: "
        raise HpoError(f"{own.path.name}{where}: {kind}{clean(said, 300)}") from error


def check_read(own: OwnFile, asked: Values, named: dict[str, Value], reserved: frozenset[str]) -> None:
    """Raise ``HpoError`` where the spec names a hyperparameter that the code neither read nor mentions."""
    for name in named:
        if name in asked.asked or name in reserved or own.mentions(name):
            continue
        reads = f"it reads {', '.join(map(clean, asked.asked)) or 'none'}."
        hint = did_you_mean(name, list(asked.asked), reads)
        raise HpoError(f"{own.path.name} never reads the hyperparameter {clean(name, 60)!r}; {hint}")
