"""A compiled Keras model of the user's: build_model(hp). TensorFlow is imported when it starts, not before."""

from __future__ import annotations

import logging
from pathlib import Path

from hpo_core.text import clean
from hpo_core.workloads.keras_process import prepare_environment, quick_imports, set_up
from hpo_core.workloads.own.contracts import OwnFile
from hpo_core.workloads.workload import Setting, Workload

log = logging.getLogger(__name__)


def start(own: OwnFile, folder: Path, setting: Setting) -> Workload:
    """Import TensorFlow, and return the workload."""
    prepare_environment(setting.device, setting.threads)
    with quick_imports():
        from hpo_core.workloads.own.compiled.workload import KerasWorkload
    log.info("%s: %s", clean(own.path.name), own.contract.meaning)
    return KerasWorkload(own, folder, set_up(setting.threads, setting.device))
