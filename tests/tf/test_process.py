"""The real worker process with the real TensorFlow: clean events, a noisy log, a failure that does not end it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hpo_core.journal.events import (
    DataPrepared,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    Progress,
    Quit,
    WorkerEvent,
    WorkerReady,
)
from hpo_core.workloads.keras_process import X86, prepare_environment

pytestmark = pytest.mark.tf

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def test_a_worker_trains_fails_and_goes_on(tmp_path: Path, values: Any) -> None:
    data = {
        "source": "fruit",
        "image_size": [16, 16],
        "classes": 2,
        "train_per_class": 8,
        "validation_per_class": 4,
    }
    told, theirs = os.pipe()
    worker = subprocess.Popen(
        [
            *(
                sys.executable,
                "-P",
                "-m",
                "hpo_core.worker",
                "--workload",
                "paper",
                "--events-fd",
                str(theirs),
                "--parent",
                str(os.getpid()),
            ),
            *("--log", str(tmp_path / "worker.log"), "--data", json.dumps(data), "--threads", "1"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(theirs,),
        env={name: value for name, value in os.environ.items() if name != ONEDNN} | {"TF_CPP_MIN_LOG_LEVEL": "0"},
    )
    os.close(theirs)

    def job(number: int, **changed: Any) -> Job:
        log = str(tmp_path / f"job-{number}.log")
        told = values(epochs=1, conv_layers=1, optimizer="sgd")
        job = Job(trial=number, replicate=1, attempt=1, seed=5, values=told, data=data, settings={}, log=log)
        return msgspec.structs.replace(job, **changed)

    gone = {"source": "folder", "path": str(tmp_path / "gone")}
    orders = [job(1), job(2, data=gone), job(3), Quit()]
    said, _ = worker.communicate(b"".join(msgspec.json.encode(order) + b"\n" for order in orders), timeout=100)
    with os.fdopen(told, "rb") as lines:
        events = [msgspec.json.decode(line, type=WorkerEvent) for line in lines]

    assert worker.returncode == 0
    assert said == b"", "everything that prints goes to the log (see core/test_joblog.py), TensorFlow too"
    kinds = [type(event) for event in events if not isinstance(event, Progress)]
    whole = [JobStarted, EpochEnded, JobEnded]
    assert kinds == [WorkerReady, DataPrepared, *whole, JobEnded, *whole]
    ended = [event for event in events if isinstance(event, JobEnded)]
    assert [event.status for event in ended] == ["complete", "failed", "complete"]
    assert ended[1].reason == f"There is no data folder {tmp_path / 'gone'}; give the right path in [data]."
    assert "Traceback" in (tmp_path / "job-2.log").read_text()
    if platform.machine() in X86:
        assert "oneDNN custom operations are on" in (tmp_path / "worker.log").read_text(), "whatever the processor"
    assert all(event.memory > 0 for event in ended)
    first, last = (event.metrics for event in events if isinstance(event, EpochEnded))
    assert first == last, "the same seed and values, the same bits, whatever failed in between"


def test_who_turned_onednn_off_has_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {ONEDNN: "0"})
    prepare_environment("cpu", 1)
    assert os.environ[ONEDNN] == "0"
