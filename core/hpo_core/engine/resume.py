"""Going on with a session: its queue goes on, and an engine is started where none runs and something waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from hpo_core.engine import launch
from hpo_core.engine.takeover import check_held_here
from hpo_core.errors import SessionError
from hpo_core.journal.events import EngineOptions, ResumeQueue
from hpo_core.plan.workloads import misfit
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot


def options_of(snapshot: Snapshot, **given: Any) -> EngineOptions:
    """Return what a session's engine was started with, but for what is ``given`` now; the spec's before the first.

    What was made up so goes on being made up, never mixed with real results.
    """
    first = EngineOptions(workload=snapshot.spec.workload)
    recorded = snapshot.engine.options if snapshot.engine is not None else first
    return msgspec.structs.replace(recorded, **given)


class Resumed(Struct, frozen=True):
    """How it was: so many trainings ``left`` to run, whether an engine ran, and whether its queue was paused."""

    left: int
    engine_ran: bool
    was_paused: bool


def resume(
    folder: SessionFolder,
    given: Mapping[str, Any] | None = None,
    *,
    take_over: bool = False,
    before_start: Callable[[], object] = lambda: None,
) -> Resumed:
    """Go on with what waits in a session. ``given`` are options of its engine that are no longer as recorded.

    ``before_start`` is called before an engine is started. Raises ``SessionError``, ``HeldElsewhere`` where the
    lock names another host and ``take_over`` is not asked for.
    """
    snapshot = read_session(folder)
    if not snapshot.spec.trainable:
        raise SessionError(f"The session {folder.name!r} was imported; it has results, and nothing to train on.")
    options = options_of(snapshot, **(given or {}))
    if why := misfit(options.workload, snapshot.spec.model is not None):
        raise SessionError(f"The session {folder.name!r} cannot be trained so: {why}")
    left = snapshot.counts["waiting"] + snapshot.counts["running"]
    done = Resumed(left, folder.engine_runs(), snapshot.paused is not None)
    if left and not done.engine_ran:
        if not take_over:
            check_held_here(folder)
        before_start()
        launch.start_engine(folder, options, take_over=take_over)
    if done.engine_ran or (left and done.was_paused):
        try:
            send_order(folder.control, ResumeQueue())
        except OSError as error:
            raise SessionError(f"The order could not be written: {error.strerror}.") from None
    return done
