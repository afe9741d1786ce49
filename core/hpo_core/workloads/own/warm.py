"""Whether a user's script can begin in a process that has imported its framework already, and what starts it so.

``python FILE`` of this interpreter is forked from a parent that has imported TensorFlow, Keras or torch once:
1.8 s a run instead of 7.2 s for a small one on two cores. What cannot be told to come to the same starts anew.
"""

from __future__ import annotations

import ast
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct, field

from hpo_core.errors import DataError
from hpo_core.text import clean
from hpo_core.workloads.own.contracts import parsed

HEAVY = ("tensorflow", "keras", "torch", "sklearn")
"""Modules that take seconds to import, and start nothing by it that a fork loses."""

PARENT = Path(__file__).with_name("warm_parent.py")
LIMIT = 1 << 16
"""The bytes that one run's words may have."""


class Script(Struct):
    """What a script imports at its top that is heavy, the environment that it sets, and why it must start anew."""

    modules: dict[str, None] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    why_not: str = ""


def script_of(words: Sequence[str], folder: Path) -> Path | None:
    """Return the file of ``python FILE ...`` where that is this very interpreter, else None."""
    if len(words) < 2 or sys.platform != "linux" or not words[1].endswith(".py"):
        return None
    found = shutil.which(words[0])
    if found is None or os.path.realpath(found) != os.path.realpath(sys.executable):
        return None
    if Path(found).parent.resolve() != Path(sys.executable).parent.resolve():
        return None  # another environment of the same Python
    file = folder / words[1]
    return file if file.is_file() else None


def read_script(file: Path) -> Script:
    """Read a script, and the files beside it that it imports; nothing is run."""
    found = Script()
    _read(file, found, set())
    return found


def _read(file: Path, found: Script, seen: set[Path]) -> None:
    if file in seen:
        return
    seen.add(file)
    try:
        tree = parsed(file)
    except DataError as error:
        found.why_not = str(error).rstrip(".")
        return
    imports = [node.lineno for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.Try))]
    settings = list(_settings(tree.body, max(imports, default=0)))
    found.environment |= {name: value for _, name, value in settings}
    harmless = {*map(id, _read_only(tree)), *(id(place) for place, *_ in settings)}
    for node in ast.walk(tree):
        if _is_environment(node) and id(node) not in harmless and getattr(node, "lineno", 0) < max(imports):
            found.why_not = f"{file.name} changes os.environ before its imports"
    for module in _imported(tree.body):
        beside = file.parent / f"{module}.py"
        if beside.is_file():
            _read(beside, found, seen)
        elif module in HEAVY:
            found.modules[module] = None


def _imported(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the packages that a file imports as it begins."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Try):
            yield from _imported(node.body)


def _settings(body: Sequence[ast.stmt], before: int) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield what a file plainly sets ``before`` that line, where it stands: os.environ["NAME"] = "text"."""
    for node in body:
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=place, slice=ast.Constant(value=str(name)))],
                value=ast.Constant(value=str(text)),
            ) if _is_environment(place) and node.lineno < before:
                yield place, name, text


def _read_only(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield each ``os.environ`` that is only read."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=place, ctx=ast.Load()) if _is_environment(place):
                yield place
            case ast.Attribute(value=place, attr="get" | "copy" | "items") if _is_environment(place):
                yield place
            case ast.Compare(comparators=[place]) if _is_environment(place):
                yield place


def _is_environment(node: ast.AST) -> bool:
    return getattr(node, "attr", getattr(node, "id", "")) in ("environ", "putenv")


class WarmRun:
    """One run of the script: what of ``Popen`` is used of a process."""

    def __init__(self, pid: int, output: BinaryIO, channel: socket.socket) -> None:
        self.pid, self.stdout = pid, output
        self._channel, self._lock = channel, threading.Lock()
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self._look(0)

    def wait(self) -> int:
        """Return its exit status when it has ended."""
        while (status := self._look(0.2)) is None:
            pass
        return status

    def _look(self, seconds: float) -> int | None:
        with self._lock:
            if self._status is None and select.select([self._channel], [], [], seconds)[0]:
                told = self._channel.recv(LIMIT)
                self._status = int(json.loads(told)) if told else -9  # its parent is gone, and it with it
            return self._status


class WarmParent:
    """The process that has imported a script's modules; ``why_not`` says why it is not to be used, if so."""

    def __init__(self, script: Script, file: Path) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                # -P: the folder of that file is no place to import from
                [sys.executable, "-P", str(PARENT), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                pass_fds=[theirs.fileno()],
            )
        self._tell(
            {
                "folder": str(file.resolve().parent),
                "modules": list(script.modules),
                "environment": script.environment,
            }
        )
        told = self._channel.recv(LIMIT)
        self.why_not: str = clean(json.loads(told), 200) if told else "the process that imports its modules ends"

    def run(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> WarmRun:
        """Begin a run, whose stdout is that of what this returns. Raises ``OSError`` where the parent is gone."""
        reading, writing = os.pipe()
        try:
            asked = {"argv": list(words), "folder": str(folder), "environment": dict(environment)}
            socket.send_fds(self._channel, [json.dumps(asked).encode()], [writing, 2])
            told = self._channel.recv(LIMIT)
            if not told:
                raise BrokenPipeError
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return WarmRun(int(json.loads(told)), os.fdopen(reading, "rb"), self._channel)

    def end(self) -> None:
        """Let the process go."""
        self._channel.close()
        self._process.wait()

    def _tell(self, what: Mapping[str, Any]) -> None:
        self._channel.send(json.dumps(what).encode())
