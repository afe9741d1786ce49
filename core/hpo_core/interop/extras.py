"""Packages that only some formats need: one sentence with the command where one is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hpo_core.errors import HpoError, TableError


def extra(module: str, name: str, what: str, error: type[HpoError] = TableError) -> Any:
    """Return a package of the extra ``name``. Raises ``error``, with the command that installs it for ``what``."""
    try:
        return import_module(module)
    except ImportError:
        raise error(f"{what} needs {module.split('.')[0]}: pip install 'hpo-tui[{name}]'.") from None
