"""Where a user's cache folder is: apart from the cache, which needs numpy, for the engine asks for it too."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

LOCATION = "HPO_TUI_CACHE"
"""Environment variable: another place for the cache folder."""


def cache_path() -> Path:
    """Return the cache folder; it need not exist."""
    return Path(os.environ.get(LOCATION) or platformdirs.user_cache_path("hpo-tui"))
