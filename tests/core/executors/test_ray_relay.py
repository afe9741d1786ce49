"""What stands on a Ray node beside a worker, without Ray: orders in, events, logs and the user's file."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import msgspec
import pytest

from hpo_core.errors import ExecutorError, HpoError
from hpo_core.executors import ray_cluster, ray_relay
from hpo_core.executors.ray_relay import Heard, Relay, decode
from hpo_core.executors.registry import check_options
from hpo_core.journal.events import EngineOptions, EpochEnded, Job, JobEnded, Keep, Noted, Quit, WorkerReady

CODE = b"def train(hp, report):\n    for _ in range(2):\n        report(score=hp['lr'])\n"


def last_word(relay: Relay) -> Heard:
    relay.send(msgspec.json.encode(Quit()))
    while (last := relay.hear(5)).death is None:
        assert last.memory
    assert last.death[1] == 0
    return last


KEEP = Keep(path="/not/here/models/trial-00001-r01-a01.keras", metric="score", direction="max")


def test_a_model_that_is_too_large_to_be_sent_is_said_instead(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(relay, WorkerReady)
    monkeypatch.setattr(ray_relay, "MODEL_BYTES", 3)
    relay.model.parent.mkdir()
    relay.model.write_bytes(b"weights")
    ids = {"trial": 1, "replicate": 1, "attempt": 1, "seed": 1}
    job = Job(**ids, values={"lr": 0.5}, data={}, settings={}, log="/not/here/logs/t1.log", keep=KEEP)
    relay.send(msgspec.json.encode(job))
    heard = until(relay, JobEnded)
    said = [decode(event) for of in heard for event in of.events]
    assert [of.model for of in heard if of.model] == []
    assert any(isinstance(one, Noted) and "too large to be sent from" in one.text for one in said)
    last_word(relay)


def test_a_model_from_another_machine_is_kept_where_the_session_is_and_one_that_cannot_be_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "models" / "trial-00001-r01-a01.keras"
    assert ray_cluster._keep(path, b"weights") == ""
    assert path.read_bytes() == b"weights"
    (tmp_path / "file").touch()
    assert "could not be kept (file:" in ray_cluster._keep(tmp_path / "file" / "m.keras", b"weights")


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A worker for a file and a session that are on another machine."""
    data = {"source": "own", "model": {"file": "/not/here/model.py", "folder": "/"}}
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"}
    made = Relay("own", 1, "/not/here/logs/worker-01.log", data, ("model.py", CODE), hidden, "the engine's")
    yield made
    made.signal(9)


def until(relay: Relay, kind: type) -> list[Heard]:
    heard: list[Heard] = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        heard.append(relay.hear(0.5))
        if any(isinstance(decode(event), kind) for event in heard[-1].events):
            return heard
    raise AssertionError(heard)


def test_the_file_travels_and_the_log_comes_back_to_where_the_session_is(relay: Relay) -> None:
    until(relay, WorkerReady)
    assert relay.hear(0).cpu > 0, "what a worker that says nothing has computed is told: it is a sign of its life"
    ids = {"trial": 1, "replicate": 1, "attempt": 1, "seed": 1}
    job = Job(**ids, values={"lr": 0.5}, data={}, settings={}, log="/not/here/logs/t1.log", keep=KEEP)
    relay.model.parent.mkdir()
    relay.model.write_bytes(b"weights")  # as a workload on Keras would
    relay.send(msgspec.json.encode(job))
    heard = until(relay, JobEnded)
    events = [decode(event) for of in heard for event in of.events]
    assert [event.metrics for event in events if isinstance(event, EpochEnded)] == [{"score": 0.5}] * 2
    assert isinstance(events[-1], JobEnded)
    assert events[-1].status == "complete", events[-1].reason
    assert [of.model for of in heard if of.model] == [heard[-1].model] == [b"weights"]
    assert not relay.model.exists()
    log = heard[-1].log
    assert log is not None
    assert (log[0], b"trial 1 r1" in log[1], Path(log[0]).exists()) == ("/not/here/logs/t1.log", True, False)
    relay.send(msgspec.json.encode(msgspec.structs.replace(job, values={"lr": "no score"})))
    failed = decode(until(relay, JobEnded)[-1].events[-1])
    assert isinstance(failed, JobEnded)
    assert failed.status == "failed"
    assert failed.reason.endswith(f" (on {socket.gethostname()})")
    last_word(relay)


def test_an_address_goes_with_a_cluster_and_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HpoError, match="--address goes with --executor ray; 'local' has no cluster"):
        check_options(EngineOptions(address="somewhere:6379"))
    monkeypatch.setattr("hpo_core.executors.registry.find_spec", lambda name: None)
    with pytest.raises(HpoError, match=r"The executor 'ray' needs ray: pip install 'hpo-tui\[ray\]'"):
        check_options(EngineOptions(executor="ray"))


@pytest.mark.parametrize("alive", [False, True])
def test_workers_that_wait_for_a_ray_that_has_ended_here_are_given_up_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    ray = MagicMock()
    ray.wait.return_value = ([], [])
    ray.get_runtime_context().get_node_id.return_value = "here"
    ray.nodes.return_value = [{"NodeID": "there", "Alive": not alive}, {"NodeID": "here", "Alive": alive}]
    monkeypatch.setattr(ray_cluster, "_connect", lambda address: ray)
    monkeypatch.setattr(ray_cluster, "LOOK_SECONDS", 0.0)
    executor = ray_cluster.RayExecutor(tmp_path, workload="synthetic")
    assert executor.poll(0) == [], "without a worker nothing is waited for"
    executor.start_worker(1)
    if alive:
        assert executor.poll(0) == []
    else:
        with pytest.raises(ExecutorError, match="Ray has ended on this machine"):
            executor.poll(0)


def test_a_cluster_that_may_want_a_token_is_spoken_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    assert ray_cluster._token_in_words() == ""
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").touch()
    assert "set RAY_AUTH_MODE=token" in ray_cluster._token_in_words()
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert ray_cluster._token_in_words() == ""


def test_why_a_relay_is_lost_is_one_line_without_rays_numbers() -> None:
    said = RuntimeError("The actor died.\n\tclass_name: Relay\n\tactor_id: 061e\nThe actor never ran.")
    assert ray_cluster._why(said) == "The actor died. The actor never ran."
