"""Whether a training outlives the logout: systemd can be told to kill what a user leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDERS = tuple(map(Path, ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")))
"""Where ``logind.conf`` and ``logind.conf.d/`` stand, the one that counts most first."""

REMEDY = "'loginctl enable-linger' (once) lets it go on"
WARNING = f"systemd here ends a training at logout; {REMEDY}."

_PROPERTY = (
    "get-property",
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
    "KillUserProcesses",
)


def logout_kills(folders: Path | tuple[Path, ...] = ()) -> bool:
    """Return whether systemd ends this user's processes at logout: so set, and no lingering.

    logind itself is asked; where it does not answer, the files that it reads are read, or those in ``folders``.
    """
    asked = None if folders else _ask_logind()
    places = (folders,) if isinstance(folders, Path) else folders or FOLDERS
    kills = kill_user_processes(_lines(places)) if asked is None else asked
    return kills and not _lingers()


def kill_user_processes(lines: Iterable[str]) -> bool:
    """Return what the last ``KillUserProcesses=`` says; systemd's own default is no."""
    last = "no"
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name.strip() == "KillUserProcesses":
            last = value.strip().lower()
    return last in ("yes", "true", "on", "1", "y", "t")


def _ask_logind() -> bool | None:
    """Return what logind goes by now, or None where it cannot be asked."""
    return {"b true": True, "b false": False}.get(_said("busctl", *_PROPERTY).strip())


def _lines(folders: Iterable[Path]) -> Iterator[str]:
    """Yield the lines as systemd reads them: one main file, then the drop-ins by name, one of each name."""
    folders = tuple(folders)
    main = [folder / "logind.conf" for folder in folders if (folder / "logind.conf").is_file()]
    dropped: dict[str, Path] = {}
    for folder in reversed(folders):
        dropped |= {path.name: path for path in (folder / "logind.conf.d").glob("*.conf") if path.is_file()}
    for path in (*main[:1], *(dropped[name] for name in sorted(dropped))):
        yield from path.read_text(encoding="utf-8", errors="replace").splitlines()


def _lingers() -> bool:
    return "Linger=yes" in _said("loginctl", "show-user", str(os.getuid()), "--property=Linger")


def _said(program: str, *arguments: str) -> str:
    """Return what a program of systemd's answers, or nothing where it is not here or does not answer."""
    found = shutil.which(program)
    if found is None:
        return ""
    try:
        said = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout
