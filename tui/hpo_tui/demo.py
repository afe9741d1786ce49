"""The demo: a small real grid on generated fruit images; needs no data and no network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from hpo_core.session import SessionFolder, create, free_name
from hpo_core.spec import SessionSpec
from hpo_tui.launching import start


def demo_spec() -> SessionSpec:
    """Return the demo's spec, shipped beside this file."""
    return SessionSpec.parse(files("hpo_tui").joinpath("demo.toml").read_text(encoding="utf-8"), "demo.toml")


def start_demo(sessions: Path, workers: int | None = None, trainer: str = "tensorflow") -> SessionFolder:
    """Create a session for the demo and start its engine. Raises ``SessionError``."""
    folder = create(sessions, free_name(sessions, "demo"), demo_spec())
    start(folder, trainer, workers=workers)
    return folder
