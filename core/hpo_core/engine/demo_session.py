"""The demo: a small real grid on generated fruit images; needs no data and no network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from hpo_core.engine import launch
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create, free_name


def demo_spec() -> SessionSpec:
    """Return the demo's spec, shipped beside this file."""
    return SessionSpec.parse(
        files("hpo_core.engine").joinpath("demo.toml").read_text(encoding="utf-8"), "demo.toml"
    )


def start_demo(sessions: Path, options: EngineOptions) -> SessionFolder:
    """Create a session for the demo and start its engine. Raises ``SessionError``."""
    folder = create(sessions, free_name(sessions, "demo"), demo_spec())
    launch.start_engine(folder, options)
    return folder
