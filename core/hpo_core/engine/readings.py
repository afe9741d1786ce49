"""What the machine is doing, for the status file: CPU and memory by psutil, the GPU by NVML where there is one."""

from __future__ import annotations

from typing import Any

import psutil

from hpo_core.executors.gpus import gpu_claims
from hpo_core.executors.hardware import cores
from hpo_core.executors.sharing import engine_claims, sessions_here
from hpo_core.session.status import Machine


class Readings:
    """Takes readings; a GPU that cannot be read (any more) reads as None and disturbs nothing."""

    def __init__(self, gpu: bool) -> None:
        psutil.cpu_percent()  # the first call only sets the mark from which the next one measures
        self._engines, self._on_gpus = engine_claims(), gpu_claims()
        self._nvml = _load_nvml() if gpu else None

    def take(self, workers_memory: int) -> Machine:
        """Return the readings of this moment."""
        memory = psutil.virtual_memory()
        return Machine(
            cpu=psutil.cpu_percent(),
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            workers_memory=workers_memory,
            cores=cores(),
            sessions=sessions_here(self._engines, self._on_gpus),
            **self._gpu(),
        )

    def _gpu(self) -> dict[str, Any]:
        nvml = self._nvml
        if nvml is None:
            return {}
        try:
            handles = [nvml.nvmlDeviceGetHandleByIndex(n) for n in range(nvml.nvmlDeviceGetCount())]
            loads = [nvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in handles]
            memories = [nvml.nvmlDeviceGetMemoryInfo(handle) for handle in handles]
            names = [nvml.nvmlDeviceGetName(handle) for handle in handles]
        except nvml.NVMLError:
            return {}
        name = names[0].decode() if isinstance(names[0], bytes) else str(names[0])
        return {
            "gpu": sum(loads) / len(loads),
            "gpu_memory_used": sum(memory.used for memory in memories),
            "gpu_memory_total": sum(memory.total for memory in memories),
            "gpu_name": name if len(names) == 1 else f"{len(names)} × {name}",
        }


def _load_nvml() -> Any | None:
    try:
        import pynvml

        pynvml.nvmlInit()
    except ImportError:
        return None
    except pynvml.NVMLError:
        return None
    return pynvml
