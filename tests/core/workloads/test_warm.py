"""A script starts from a process that has its framework already; what comes of it is as if it had started anew."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hpo_core.errors import HpoError
from hpo_core.journal.events import EpochEnded, Job, Noted, WorkerEvent
from hpo_core.workloads.own import warm
from hpo_core.workloads.own.command import CommandWorkload
from hpo_core.workloads.own.warm import read_script, script_of
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a fork that ends with its parent is Linux's")

SCRIPT = """
import json, os, random, sys
import numpy as np
print(__name__, __file__, sys.argv, os.getcwd(), sys.path[0], os.environ["HPO_TUI_OUT"], __spec__)
print(json.dumps({"score": float(sys.argv[1]), "drawn": random.random(), "numpy": np.random.rand()}))
print("to stderr", file=sys.stderr)
"""


class Runs:
    """Trains by a command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, 0
        self.events: list[WorkerEvent] = []
        self.stop = StopSignal()
        self.workload = self.by()

    def by(self, **model: Any) -> CommandWorkload:
        self.workload = CommandWorkload(
            {"command": f"{sys.executable} train.py {{lr}}", "folder": str(self.folder), **model}, "cpu"
        )
        return self.workload

    def write(self, text: str) -> None:
        (self.folder / "train.py").write_text(text, encoding="utf-8")

    def __call__(self, lr: float = 0.5) -> Outcome:
        self._number += 1
        log = self.folder / "logs" / f"{self._number}.log"
        job = Job(1, self._number, 1, 7, {"lr": lr}, {}, {}, str(log))
        return self.workload.train(job, Reporter(job, self.events.append), self.stop)

    def metrics(self) -> list[dict[str, float | None]]:
        return [event.metrics for event in self.events if isinstance(event, EpochEnded)]

    def notes(self) -> str:
        return " ".join(event.text for event in self.events if isinstance(event, Noted))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Of this script NumPy is the framework, which is imported in a moment."""
    monkeypatch.setattr(warm, "HEAVY", ("numpy",))
    made = Runs(tmp_path)
    made.write(SCRIPT)
    yield made
    made.workload.end()


def test_a_warm_run_sees_what_a_cold_one_sees_and_draws_anew(
    runs: Runs, capfd: pytest.CaptureFixture[str]
) -> None:
    said = []
    for model in ({}, {"warm": False}):
        runs.by(**model)
        for lr in (0.25, 0.5):
            assert runs(lr).status == "complete"
            printed = capfd.readouterr()
            said += [line for line in printed.out.splitlines() if line.startswith("__main__")]
            assert "to stderr" in printed.err
        runs.workload.end()
    at = [line.replace(f"/out/{number}", "/out") for number, line in enumerate(said, 1)]
    assert at[:2] == at[2:]
    assert len(at) == 4
    found = runs.metrics()
    assert [one["score"] for one in found] == [0.25, 0.5, 0.25, 0.5]
    for name in ("drawn", "numpy"):
        assert len({one[name] for one in found}) == 4, "what is not seeded differs from run to run"
    assert "train.py is run warm: each worker imports numpy once" in runs.notes()


def test_a_run_that_fails_is_told_as_python_tells_it_and_the_next_one_runs(
    runs: Runs, capfd: pytest.CaptureFixture[str]
) -> None:
    failing = "import numpy\nimport sys\nif sys.argv[1] == '1':\n    raise ValueError('too high')\n"
    runs.write(failing + "if sys.argv[1] == '2':\n    sys.exit(3)\nprint('{\"score\": 1}')\n")
    for lr, status in ((1, 1), (2, 3)):
        with pytest.raises(HpoError, match=f"failed: exit status {status}"):
            runs(lr)
    assert runs(0.5).status == "complete"
    told = capfd.readouterr().err
    assert "ValueError: too high" in told
    assert f'File "{runs.folder / "train.py"}", line 4' in told
    assert "warm_parent" not in told


def test_a_warm_run_is_stopped_with_all_that_it_started(runs: Runs) -> None:
    runs.write(
        "import numpy, json, subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(json.dumps({'pid': child.pid}), flush=True)\ntime.sleep(600)\n"
    )
    emit = runs.events.append

    class Stopping(list[WorkerEvent]):
        def append(self, event: WorkerEvent) -> None:
            emit(event)
            if isinstance(event, EpochEnded):
                runs.stop.now = True

    seen, runs.events = runs.events, Stopping()
    assert runs().status == "stopped"
    pid = next(event.metrics["pid"] for event in seen if isinstance(event, EpochEnded))
    assert pid is not None
    if psutil.pid_exists(int(pid)):
        psutil.wait_procs([psutil.Process(int(pid))], 60)
    assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie"


def test_a_parent_that_was_killed_is_started_again(runs: Runs) -> None:
    runs()
    before: list[psutil.Process] = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # another test's, that has ended
            before += [child] if str(warm.PARENT) in child.cmdline() else []
    assert before
    for child in before:
        child.kill()
    psutil.wait_procs(before, 60)
    assert runs().status == "complete"
    assert len(runs.metrics()) == 2


@pytest.mark.parametrize(
    ("text", "modules", "why"),
    [
        ("import numpy as np, torch\nfrom tensorflow.keras import layers", ["torch", "tensorflow"], ""),
        ("try:\n    import keras\nexcept ImportError:\n    pass", ["keras"], ""),
        ("def late():\n    import tensorflow", [], ""),
        ("import os\nos.environ['KERAS_BACKEND'] = 'torch'\nimport keras", ["keras"], ""),
        ("import os\nimport keras\nos.environ['A'] = str(1)\nprint(os.environ['HOME'])", ["keras"], ""),
        ("import os\nout = os.environ.get('HPO_TUI_OUT')\nimport keras", ["keras"], ""),
        ("import os\nos.environ['A'] = str(1)\nimport keras", ["keras"], "changes os.environ before its imports"),
        ("import os\nos.environ.update(A='1')\nimport keras", ["keras"], "changes os.environ before its imports"),
        ("import beside", ["sklearn"], ""),
        ("print(", [], "is not Python"),
    ],
)
def test_what_a_script_imports_is_read_from_its_text(
    tmp_path: Path, text: str, modules: list[str], why: str
) -> None:
    (tmp_path / "beside.py").write_text("import sklearn\nimport train\n")
    file = tmp_path / "train.py"
    file.write_text(text)
    found = read_script(file)
    assert list(found.modules) == modules
    assert why in found.why_not
    assert bool(why) is bool(found.why_not)
    if "KERAS_BACKEND" in text:
        assert found.environment == {"KERAS_BACKEND": "torch"}


@pytest.mark.tf
def test_tensorflow_computes_in_each_fork_and_draws_anew(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write(
        "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nimport sys\nimport tensorflow as tf\n"
        "unseeded = float(tf.random.normal([]))\n"
        "x = tf.random.stateless_normal([64, 64], [1, 2])\nw = tf.Variable(tf.ones([64, 1]))\n"
        "@tf.function\ndef step(rate):\n"
        "    with tf.GradientTape() as tape:\n        loss = tf.reduce_mean((x @ w - 1.0) ** 2)\n"
        "    w.assign_sub(rate * tape.gradient(loss, w))\n    return loss\n"
        "for _ in range(3):\n    loss = step(float(sys.argv[1]))\n"
        'print(\'{"unseeded": %r, "loss": %r}\' % (unseeded, float(loss)))\n'
    )
    try:
        assert runs(0.1).status == runs(0.1).status == "complete"
    finally:
        runs.workload.end()
    assert "imports tensorflow once" in runs.notes()
    one, other = runs.metrics()
    assert one["loss"] == other["loss"]
    assert one["unseeded"] != other["unseeded"]


def test_only_a_file_of_this_very_python_is_run_warm(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert script_of([sys.executable, "train.py", "-r", "1"], tmp_path) == tmp_path / "train.py"
    for words in (
        ["sh", "train.py"],
        [sys.executable, "-m", "train"],
        [sys.executable, "-u", "train.py"],
        [sys.executable, "other.py"],
        [str(other), "train.py"],
        [sys.executable],
    ):
        assert script_of(words, tmp_path) is None, words
