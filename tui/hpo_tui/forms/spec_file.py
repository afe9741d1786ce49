"""A grid kept as a spec file, instead of a session."""

from __future__ import annotations

from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.text import clean


def write_spec(folder: Path, name: str, text: str) -> Path:
    """Write a spec file NAME.toml, or NAME-2.toml and so on where that exists; return its path.

    Raises ``SessionError``.
    """
    for number in range(1, 1000):
        path = folder / (f"{name}.toml" if number == 1 else f"{name}-{number}.toml")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise SessionError(f"{clean(path)} cannot be written: {error.strerror}.") from None
        return path
    raise SessionError(f"{clean(folder)} has a thousand specs of that name; give another name.")
