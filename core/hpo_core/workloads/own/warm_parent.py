"""A program, run by its path: imports modules once, and forks a process for each run of a user's script.

Standard library alone, and nothing of this package: the script finds its process as ``python FILE`` makes it, but
for the modules that are there already. What is asked and answered goes over a socket, one JSON message each:

    {"folder", "modules", "environment"}   ->  "" where it is safe to fork, else why not, and it ends
    {"argv", "folder", "environment"}, with the descriptors of stdout and stderr
                                           ->  the process id; when it has ended, its status as ``Popen`` has it
"""

import builtins
import ctypes
import gc
import importlib
import json
import os
import random
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

LIMIT = 1 << 17
THREADS = {"tensorflow": 1}
"""So many threads the import of a module starts that no fork misses: one of TensorFlow's waits for its end."""


def main() -> None:
    """Serve to the end of the socket; in a forked process, run the script and return as ``python FILE`` ends."""
    _end_with_parent(0)
    channel = socket.socket(fileno=int(sys.argv[1]))
    asked = channel.recv(LIMIT)
    if not asked:
        return
    why = _import(json.loads(asked))
    channel.send(json.dumps(why).encode())
    if why:
        return
    parent = os.getpid()
    while True:
        message, descriptors, *_ = socket.recv_fds(channel, LIMIT, 2)
        if not message:
            os._exit(0)
        child = os.fork()
        if not child:
            channel.close()
            _become(json.loads(message), descriptors, parent)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(json.dumps(child).encode())
        channel.send(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _import(asked: dict[str, Any]) -> str:
    """Import the modules as the script would; return why no process may be forked from here, if so."""
    sys.path.insert(0, asked["folder"])
    os.environ.update(asked["environment"])
    allowed = sum(THREADS.get(module, 0) for module in asked["modules"])
    gc.disable()  # it finds nothing among a million fresh objects
    try:
        importlib.import_module("numpy")  # whose own threads know of forks
        before = _threads()
        for module in asked["modules"]:
            importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever it is, the script meets it by itself
        return f"importing its modules raises {type(error).__name__}"
    finally:
        gc.freeze()
        gc.enable()
    if _threads() - before > allowed:
        return "importing its modules starts threads"
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            opened = str(descriptor.readlink())
        except OSError:
            continue
        if opened.startswith("/dev/") and opened not in ("/dev/null", "/dev/urandom", "/dev/random"):
            return f"importing its modules opens {opened}"
    return ""


def _threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def _end_with_parent(parent: int) -> None:
    """Let the kernel end this process with the one that started it."""
    ctypes.CDLL(None).prctl(1, 9)
    if parent and os.getppid() != parent:
        os._exit(1)


def _become(asked: dict[str, Any], descriptors: list[int], parent: int) -> None:
    """Make this forked process what ``python FILE ...`` would begin with, and run the file."""
    _end_with_parent(parent)
    for descriptor, place in zip(descriptors, (1, 2), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    random.seed()  # what was seeded in the parent would be the same in every run
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    sys.argv = asked["argv"]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)


def run_script() -> None:
    """Run ``sys.argv[0]`` as the program that this process is."""
    path = str(Path(sys.argv[0]).absolute())
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    vars(module).update(__file__=path, __cached__=None, __builtins__=builtins)
    try:
        exec(compile(Path(path).read_bytes(), path, "exec"), vars(module))
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's own, told as Python tells it
        inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
        sys.excepthook(type(error), error.with_traceback(inner), inner)
        sys.exit(1)


if __name__ == "__main__":
    served = sys.argv
    main()
    if sys.argv is not served:
        run_script()
