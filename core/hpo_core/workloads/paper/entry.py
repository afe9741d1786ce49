"""The paper's network as a workload: what looks at its images, and what starts it; TensorFlow only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpo_core.workloads.images.dataset import check, data_now, open_early
from hpo_core.workloads.keras_process import prepare_environment, quick_imports, set_up
from hpo_core.workloads.paper.script import write_script
from hpo_core.workloads.workload import Setting, Workload

__all__ = ["check", "data_now", "has_model", "start", "write_script"]


def has_model(material: Mapping[str, Any]) -> bool:
    """Return true: the network is one."""
    return True


def start(setting: Setting) -> Workload:
    """Import TensorFlow, while a thread begins to open the images, and return the workload."""
    opening = open_early(setting.data)
    prepare_environment(setting.device, setting.threads)
    with quick_imports():
        from hpo_core.workloads.paper.training import PaperWorkload
    return PaperWorkload(set_up(setting.threads, setting.device), setting.threads, opening)
