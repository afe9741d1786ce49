"""A spec for a person's own file: written by a process of its own, for a Keras file is run to find its space."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hpo_core.errors import SpecError
from hpo_core.text import clean

DRAFT = "hpo_core.workloads.own.draft"


def drafted(file: Path, folder: Path) -> str:
    """Return the text of a spec that trains the file and stands in ``folder``. Raises ``SpecError``."""
    told = subprocess.run(
        [sys.executable, "-m", DRAFT, str(file), str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if told.returncode:
        lines = [line for line in told.stderr.splitlines() if line.strip()]
        raise SpecError(clean(lines[-1], 400) if lines else f"{clean(file)} ended the process that read it.")
    return told.stdout
