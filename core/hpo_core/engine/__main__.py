"""``python -m hpo_core.engine SESSION_FOLDER``: work a session off in the background. Started by ``start_engine``.

Exit status: 0 the engine ended in an orderly way, 1 it lost its journal or its lock, 2 it could not begin.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import LOCKED, READY
from hpo_core.engine.witness import witnessed
from hpo_core.errors import HpoError, SessionLocked
from hpo_core.executors.registry import EXECUTORS, start_executor
from hpo_core.journal.events import DEFAULT_OPTIONS, EngineOptions
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the engine's arguments."""
    parser = argparse.ArgumentParser(prog="python -m hpo_core.engine", description=__doc__)
    parser.add_argument("folder", type=Path, help="the session's folder")
    options = partial(msgspec.json.decode, type=EngineOptions)
    parser.add_argument("--options", type=options, default=DEFAULT_OPTIONS, help="EngineOptions, as JSON")
    parser.add_argument("--take-over", action="store_true", help="take a lock that another host left behind")
    parser.add_argument("--ready-fd", type=int, help="where to say that the engine has begun, or why not")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one engine from its start to its end."""
    arguments = parse_arguments(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal's end is not ours
    folder = SessionFolder(arguments.folder.absolute())
    facts = EXECUTORS.get(arguments.options.executor)
    with witnessed(_gone(folder)) if facts is not None and facts.cluster else contextlib.nullcontext():
        return _work_off(folder, arguments)


def _gone(folder: SessionFolder) -> str:
    return (
        f"session {clean(folder.path)}: the engine has ended without a word: it was killed, or its cluster is "
        f"gone; 'hpo-tui resume {clean(folder.name)}' goes on where the journal ends."
    )


def _work_off(folder: SessionFolder, arguments: argparse.Namespace) -> int:
    try:
        executor = start_executor(folder, arguments.options)
        engine = Engine(folder, executor, arguments.options, take_over=arguments.take_over)
    except HpoError as error:
        logging.error("%s", error)
        _say(arguments.ready_fd, (LOCKED if isinstance(error, SessionLocked) else "") + str(error))
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: engine.request_stop())
    logging.info("session %s: begun", folder.path)
    _say(arguments.ready_fd, READY)
    try:
        logging.info("session %s: %s", folder.path, engine.run())
    except HpoError as error:
        logging.error("%s", error)
        return 1
    except Exception:
        again = f"'hpo-tui resume {clean(folder.name)}' goes on where the journal ends"
        logging.exception("session %s: the engine has ended by an error of its own; %s", folder.path, again)
        return 1
    return 0


def _say(fd: int | None, text: str) -> None:
    """Tell whoever started this engine; they may be gone."""
    if fd is not None:
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, text.encode())
        os.close(fd)


if __name__ == "__main__":
    sys.exit(main())
