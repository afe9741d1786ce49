"""Trains a session on a Ray cluster of two nodes on this machine, and kills one of them in the middle."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.cluster_utils import Cluster

from hpo_core.engine.engine import Engine
from hpo_core.executors.ray_cluster import RayExecutor
from hpo_core.journal.events import EngineOptions
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

folder = SessionFolder(Path(sys.argv[1]))
small = {"object_store_memory": 80_000_000}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
nodes = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
executor = RayExecutor(
    folder.logs,
    workload="synthetic",
    data=folder.load_spec().material,
    address=cluster.address,
    environment={"HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.4"},
)
engine = Engine(folder, executor, EngineOptions(workload="synthetic", executor="ray", workers=2))


def kill_one() -> None:
    while read_session(folder).counts["complete"] < 3 or read_session(folder).counts["running"] < 2:
        time.sleep(0.1)
    cluster.remove_node(nodes[1], allow_graceful=False)


threading.Thread(target=kill_one, daemon=True).start()
print(engine.run())
ray.shutdown()
cluster.shutdown()
