"""What the drills share: their helpers beside them, small finished sessions, a screen that is read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from drill_tools import finished_session

from hpo_core.session.paths import SessionFolder


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., SessionFolder]:
    """Make a session of four trainings with two epochs each, worked off by a replay."""

    def make(name: str = "small", **spec: object) -> SessionFolder:
        return finished_session(tmp_path / "sessions", name, **spec)

    return make
