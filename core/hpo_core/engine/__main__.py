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
from pathlib import Path

from hpo_core.engine.dispatch import data_table
from hpo_core.engine.engine import Engine
from hpo_core.errors import HpoError, SessionLocked
from hpo_core.executors.executor import Executor
from hpo_core.executors.local import LocalExecutor
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.session.paths import SessionFolder

LOCKED = "locked: "
"""What the sentence begins with where another engine was first."""

READY = "ready"
"""What is said on ``--ready-fd`` once the lock is held and the engine's start is on the disk; else a sentence."""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the engine's arguments."""
    parser = argparse.ArgumentParser(prog="python -m hpo_core.engine", description=__doc__)
    parser.add_argument("folder", type=Path, help="the session's folder")
    parser.add_argument("--workers", type=int, help="default: one for each GPU, else for each core")
    parser.add_argument("--executor", choices=("local", "replay"), default="local")
    parser.add_argument("--trainer", choices=("tensorflow", "synthetic"), default="tensorflow")
    parser.add_argument("--take-over", action="store_true", help="take a lock that another host left behind")
    parser.add_argument("--ready-fd", type=int, help="where to say that the engine has begun, or why not")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one engine from its start to its end."""
    arguments = parse_arguments(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal's end is not ours
    folder = SessionFolder(arguments.folder.absolute())
    try:
        engine = Engine(
            folder,
            _executor(folder, arguments),
            workers=arguments.workers,
            take_over=arguments.take_over,
        )
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
    return 0


def _executor(folder: SessionFolder, arguments: argparse.Namespace) -> Executor:
    if arguments.executor == "replay":
        return ReplayExecutor()
    return LocalExecutor(folder.logs, trainer=arguments.trainer, data=data_table(folder.load_spec()))


def _say(fd: int | None, text: str) -> None:
    """Tell whoever started this engine; they may be gone."""
    if fd is not None:
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, text.encode())
        os.close(fd)


if __name__ == "__main__":
    sys.exit(main())
