"""Whether a training outlives the logout: systemd can be told to kill what a user leaves behind."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

CONFIGURATION = Path("/etc/systemd")
"""Where ``logind.conf`` and ``logind.conf.d/`` stand."""

REMEDY = "'loginctl enable-linger' (once) lets it go on"


def logout_kills(configuration: Path = CONFIGURATION) -> bool:
    """Return whether systemd ends this user's processes at logout: so configured, and no lingering."""
    return kill_user_processes(_lines(configuration)) and not _lingers()


def kill_user_processes(lines: Iterable[str]) -> bool:
    """Return what the last ``KillUserProcesses=`` says; systemd's own default is no."""
    last = "no"
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name.strip() == "KillUserProcesses":
            last = value.strip().lower()
    return last in ("yes", "true", "on", "1")


def _lines(configuration: Path) -> Iterable[str]:
    files = [configuration / "logind.conf", *sorted((configuration / "logind.conf.d").glob("*.conf"))]
    for path in files:
        if path.is_file():
            yield from path.read_text(encoding="utf-8", errors="replace").splitlines()


def _lingers() -> bool:
    program = shutil.which("loginctl")
    if program is None:
        return False
    command = [program, "show-user", getpass.getuser(), "--property=Linger"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "Linger=yes" in said.stdout
