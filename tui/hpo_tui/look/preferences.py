"""What a person chose for every session: the theme. Kept in their configuration folder, where there is one.

Nothing here is worth an error: on a read-only home the choice lasts until the screen is left.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from platformdirs import user_config_path

from hpo_core.journal.files import write_atomically
from hpo_tui.look.theme import THEMES, ThemeName


def theme_file() -> Path:
    """Return where the theme's name is kept."""
    return user_config_path("hpo-tui") / "theme"


def remembered_theme() -> ThemeName | None:
    """Return the theme that was chosen last, or None."""
    try:
        chosen = theme_file().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, RuntimeError):
        return None
    return next((name for name in THEMES if name == chosen), None)


def remember_theme(theme: ThemeName) -> None:
    """Keep the theme for the next time, if that can be done."""
    with contextlib.suppress(OSError, RuntimeError):
        path = theme_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, f"{theme}\n".encode(), durable=False)
