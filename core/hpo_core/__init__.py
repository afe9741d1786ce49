"""The core of hpo-tui: grids, sessions, training and analysis, without a screen.

Rooms, from the bottom up; a room imports only from those above it in this list:

    errors, text          the error tree; foreign text made harmless
    plan/                 what to train: tables of hyperparameters, metrics, data, plans, workloads; grid, spec
    journal/              what happened, on disk: events and orders, records, segments; reader, writer, lock
    session/              one folder: paths, state (``apply`` alone changes it), index, snapshot, status, control
    effects/              what matters and what is noise, of plain arrays: knows no session
    results/              what came of a session: the one table of arrays, measure, trim, filter, tidy tables
    refine/               what the trim left -> the next plan; finer values, re-use of finished replicates
    interop/              results in and out, a module a format; ``formats`` lists them
    notebook              results as pandas frames, for ``open_session``
    workloads/            what one training is, chosen by name: the paper's network and its images, a user's own
    worker/               the process: orders in, trainings one by one, events out
    executors/            where jobs run: in worker processes on this machine, or replayed without one
    handover/             one trial as a folder that works without hpo-tui
    engine/               one session's loop, the journal's only writer: queue, supervisor, recorder, recovery

Data flows one way:

    spec.toml -> plan -> jobs -> executor -> worker -> events -> journal.jsonl -> SessionState -> snapshot
                                    ^                                                                |
                                    +--------- orders: control/*.json <--- screens and commands <----+

The session folder is the interface: the engine alone writes the journal; screens, commands, notebooks and scripts
read it. Nothing here imports textual, rich, plotext or hpo_tui, and only a workload imports its own framework.
scipy is imported where a search or a race needs it, pandas where a notebook asks for it.

A record of named fields is a ``msgspec.Struct``, here and in the screen: Python defines one in 30 µs and makes an
instance in 0.3 µs, a frozen dataclass in 1,100 and 1.9 µs, and a screen begins with 130 of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpo_core.notebook import OpenedSession


def open_session(session: str | Path, sessions: str | Path | None = None) -> OpenedSession:
    """Return a session's results as pandas frames: ``trials``, ``replicates``, ``epochs``.

    ``session`` is a name inside the folder ``sessions`` (else HPO_TUI_SESSIONS, else ./sessions), or a path. It is
    read once, as it stands: nothing is written and no work is started. Raises ``SessionError`` with what to do.
    """
    from hpo_core.notebook import OpenedSession
    from hpo_core.session.store import find, sessions_folder

    return OpenedSession(find(sessions_folder(None if sessions is None else str(sessions)), str(session)))
