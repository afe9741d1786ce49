"""How long a new grid will take, from the speed of an earlier session on the same data."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from hpo_core.errors import HpoError
from hpo_core.plan.data_source import DataSpec
from hpo_core.session.opening import read_session
from hpo_core.session.speed import Speed, measured_speed
from hpo_core.session.store import list_sessions

SESSIONS_READ = 20
"""So many sessions, those last worked on, are asked for their speed."""


class SessionSpeed(Struct, frozen=True):
    """The speed of an earlier session, and the data that it was measured on."""

    session: str
    data: DataSpec
    speed: Speed


def measured_speeds(sessions: Path, workload: str) -> list[SessionSpeed]:
    """Return the speeds of the folder's sessions with this workload, the one last worked on first."""
    speeds = []
    for folder in list_sessions(sessions)[:SESSIONS_READ]:
        try:
            snapshot = read_session(folder)
        except (HpoError, OSError):
            continue  # a session that cannot be read says so on the home screen
        speed = measured_speed(snapshot)
        if speed is not None and snapshot.engine is not None and snapshot.engine.options.workload == workload:
            speeds.append(SessionSpeed(folder.name, snapshot.spec.data, speed))
    return speeds


def speed_on(speeds: list[SessionSpeed], data: DataSpec) -> SessionSpeed | None:
    """Return the first speed that was measured on this data."""
    return next((speed for speed in speeds if speed.data == data), None)
