"""This machine in one line, for the head of a table."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

FAST_TYPES = ("avx512_bf16", "amx_bf16", "avx512f", "avx2")


def machine_in_words() -> str:
    """Return cores, processor, memory, system, and the versions of Python and TensorFlow."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name, flags = _processor()
    best = next((flag.upper().replace("_", "-") for flag in FAST_TYPES if flag in flags), "")
    memory = psutil.virtual_memory().total / (1 << 30)
    return (
        f"{cores} cores of {name}{f' ({best})' if best else ''}, {memory:.0f} GB memory, {platform.system()}; "
        f"Python {platform.python_version()}, TensorFlow {version_of('tensorflow')}, Keras {version_of('keras')}"
    )


def version_of(package: str) -> str:
    """Return an installed package's version, "none" where it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _processor() -> tuple[str, set[str]]:
    """Return the processor's name and its feature flags."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine(), set()
    facts = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    return facts.get("model name", platform.machine()), set(facts.get("flags", "").split())
