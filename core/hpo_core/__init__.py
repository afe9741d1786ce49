"""The core of hpo-tui: grids, sessions, training and analysis, without a screen.

Rooms, from the bottom up; a room imports only from those above it in this list:

    errors, text          the error tree; foreign text made harmless
    hyperparameters       what can be varied: types, ranges, usual values
    grid, spec            trials and jobs; what a session was asked to do (TOML, by spec_reader)
    events                every event, order and job, typed; one JSON line each
    files, record         the file calls that durability rests on; one line of the journal, checksummed
    journal               append (journal_writer) and read (journal_reader) what happened, in segments
    snapshot, state       what it adds up to, within bounds; ``SessionState.apply`` is the only mutation
    status, control       what runs right now, worth nothing after a crash; orders, as files
    session, lock         a session folder (session_folder): create, list, open (session_reader); one engine each
    damage, repair        what a damaged journal means for the results, in words; how it is set aside
    measure, results      which number is read off a training; snapshot -> rows and arrays
    trim, filter          what is in view; the filter line's language (filter_tokens, filter_nodes)
    tidy                  results -> tidy tables and pandas frames
    effects, refine       what matters and what is noise; trim -> the next grid (finer, reuse)
    interop/              CSV in and out
    worker/               the process that imports TensorFlow: data, models, losses, train
    executors/            where jobs run: local processes, or replayed without TensorFlow
    engine/               orchestrates one session; the journal's only writer

Data flows one way:

    spec.toml -> grid -> jobs -> executor -> worker -> events -> journal.jsonl -> SessionState -> snapshot
                                    ^                                                                |
                                    +--------- orders: control/*.json <--- screens and commands <----+

The session folder is the interface: the engine alone writes the journal; screens, commands and scripts read it.
Nothing here imports textual, rich, plotext or hpo_tui, and only ``worker/{data,models,losses,train}`` may import
TensorFlow or Keras. pandas and scipy are imported inside the functions that need them.
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
