"""``python -m hpo_core.worker``: the process that trains. Orders on stdin, events on a descriptor of their own.

Started by an executor. Everything that could print is pointed at the log, and everything that would outlive the
engine is tied to it, before the trainer (and with it TensorFlow) is imported.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import gc
import importlib
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from hpo_core.worker.joblog import JobLog
from hpo_core.worker.loop import Events, leave_at_once, serve
from hpo_core.workloads.workload import Trainer

if TYPE_CHECKING:
    from hpo_core.workloads.images.dataset import Opening

# Named, not imported: choosing one must not import the other, nor TensorFlow with it.
TRAINERS = {"tensorflow": "hpo_core.workloads.paper.training", "synthetic": "hpo_core.workloads.synthetic"}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the worker's arguments."""
    parser = argparse.ArgumentParser(prog="python -m hpo_core.worker", description=__doc__)
    parser.add_argument("--trainer", choices=sorted(TRAINERS), default="tensorflow")
    parser.add_argument("--events-fd", type=int, required=True, help="events leave here, one JSON line each")
    parser.add_argument("--log", required=True, help="stdout and stderr go here until the first job names its own")
    parser.add_argument(
        "--threads", type=int, default=1, help="TensorFlow's threads, and those that decode images"
    )
    parser.add_argument("--device", default="cpu", help='"cpu" or "gpu:N"')
    parser.add_argument("--data", default="", help="the spec's [data] table as JSON, to be opened during start-up")
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
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(file=2)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", force=True)
    opened = open_early(arguments) if arguments.trainer == "tensorflow" else None
    prepare_environment(arguments.device, arguments.threads)
    module = import_fast(TRAINERS[arguments.trainer])
    trainer: Trainer = module.start(threads=arguments.threads, device=arguments.device, opened=opened)
    serve(trainer, orders, Events(arguments.events_fd), job_log)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # nothing is left to do; TensorFlow's own farewell takes up to a second


def open_early(arguments: argparse.Namespace) -> Opening | None:
    """Begin to open the images in a thread, while TensorFlow is imported."""
    from hpo_core.workloads.images.dataset import KERAS_DATASETS, Opening

    if not arguments.data:
        return None
    table: dict[str, Any] = json.loads(arguments.data)
    if table.get("source") in KERAS_DATASETS:  # needs TensorFlow itself
        return None
    return Opening(table)


def prepare_environment(device: str, threads: int) -> None:
    """Set what TensorFlow reads from the environment as it is imported: the one device it may see, its threads."""
    visible = "-1"
    if device.startswith("gpu:"):
        number = int(device.removeprefix("gpu:"))
        listed = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
        visible = listed[number] if number < len(listed) else str(number)
    os.environ["CUDA_VISIBLE_DEVICES"] = visible
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def import_fast(name: str) -> ModuleType:
    """Import a module that brings TensorFlow with it, in 1.7 s instead of 2.5 s.

    The garbage collector finds nothing in a million fresh objects, so it waits, and never looks at them again.
    Keras imports pandas where it can, and does without where it cannot; no training needs it.
    """
    gc.disable()
    hidden = "pandas" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's way to say "not to be found"
    module = importlib.import_module(name)
    if hidden:
        del sys.modules["pandas"]
    gc.freeze()
    gc.enable()
    return module


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
