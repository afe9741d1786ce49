"""``python -m hpo_core.worker``: the process that trains. Orders on stdin, events on a descriptor of their own.

Started by an executor. Everything that could print is pointed at the log, and everything that would outlive the
engine is tied to it, before the workload (and with it its framework) is imported.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO, NoReturn

from hpo_core.plan.workloads import WORKLOADS
from hpo_core.worker.joblog import JobLog, print_without_fail
from hpo_core.worker.loop import Events, leave_at_once, serve
from hpo_core.workloads.workload import Setting, load_workload


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the worker's arguments."""
    parser = argparse.ArgumentParser(prog="python -m hpo_core.worker", description=__doc__)
    parser.add_argument("--workload", choices=tuple(WORKLOADS), required=True)
    parser.add_argument("--events-fd", type=int, required=True, help="events leave here, one JSON line each")
    parser.add_argument("--log", required=True, help="stdout and stderr go here until the first job names its own")
    parser.add_argument("--threads", type=int, default=1, help="how many a training may compute with")
    parser.add_argument("--device", default="cpu", help='"cpu" or "gpu:N"')
    parser.add_argument("--data", type=json.loads, help="the spec's [data] table as JSON, to be opened early")
    parser.add_argument("--parent", type=int, default=0, help="the engine's process id; ends when it is gone")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Serve one executor until told to quit."""
    arguments = parse_arguments(argv)
    die_with_parent(arguments.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the engine's to decide on
    orders = claim_orders()
    os.set_inheritable(arguments.events_fd, False)
    job_log = JobLog(arguments.log)
    print_without_fail()
    faulthandler.enable(file=2)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", force=True)
    setting = Setting(arguments.device, arguments.threads, arguments.data)
    workload = load_workload(arguments.workload).start(setting)
    serve(workload, orders, Events(arguments.events_fd), job_log)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # nothing is left to do; a framework's own farewell takes up to a second


def claim_orders() -> BinaryIO:
    """Take stdin away from everything else: return it under another descriptor, with /dev/null in its place."""
    orders = os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return orders


def die_with_parent(parent: int) -> None:
    """Ask the kernel, where it is Linux, to end this process with the thread that started it."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if parent and os.getppid() != parent:  # it ended before we asked
        leave_at_once()


if __name__ == "__main__":
    main()
