"""Whole sessions over Ray: two nodes of which one dies, an engine that is killed, a cluster that is not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from hpo_core.engine.engine import Engine
from hpo_core.journal.events import EngineOptions
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

PACE = {"HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.4"}


def test_a_lost_node_costs_attempts_that_wait_again_and_no_result_differs(
    make_session: Callable[..., SessionFolder],
) -> None:
    pytest.importorskip("ray")
    script = Path(__file__).with_name("two_nodes.py")
    folder = make_session(replicates=3, epochs=3)
    done = subprocess.run(
        [sys.executable, script, folder.path], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 12
    again = [entry for entry in snapshot.replicates.values() if entry.attempt > 1]
    assert 1 <= len(again) <= 2
    assert [
        note.text.endswith("its worker was lost with its machine; it waits again.") for note in snapshot.notes
    ].count(True) == len(again)
    alone = make_session("alone", replicates=3, epochs=3)
    from hpo_core.executors.replay import ReplayExecutor

    assert Engine(alone, ReplayExecutor(), EngineOptions(workers=2), tick=0.001).run() == "finished"
    there = read_session(alone).replicates
    for key, entry in snapshot.replicates.items():
        assert [e.metrics for e in entry.epochs] == [e.metrics for e in there[key].epochs]


def test_an_engine_that_is_killed_leaves_no_ray_and_no_worker(make_session: Callable[..., SessionFolder]) -> None:
    pytest.importorskip("ray")
    folder = make_session(epochs=1000)
    options = '{"executor": "ray", "workload": "synthetic"}'
    engine = subprocess.Popen(
        [sys.executable, "-m", "hpo_core.engine", folder.path, "--options", options],
        env={**os.environ, **PACE},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 120
    while not any(entry.epochs for entry in read_session(folder).replicates.values()):
        assert time.monotonic() < end
        time.sleep(0.2)
    children = psutil.Process(engine.pid).children(recursive=True)
    assert len(children) > 3
    ours = [child for child in children if "hpo_core.worker" in " ".join(child.cmdline())]
    assert ours
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    assert psutil.wait_procs(ours, 60)[1] == []
    assert psutil.wait_procs(children, 180)[1] == []


def test_a_cluster_that_is_not_there_is_named_in_one_sentence(make_session: Callable[..., SessionFolder]) -> None:
    pytest.importorskip("ray")
    options = '{"executor": "ray", "workload": "synthetic", "address": "127.0.0.1:1"}'
    done = subprocess.run(
        [sys.executable, "-m", "hpo_core.engine", make_session().path, "--options", options],
        env={**os.environ, "RAY_raylet_start_wait_time_s": "2"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 2
    assert "There is no Ray cluster at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
