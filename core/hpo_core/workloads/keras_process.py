"""What every workload on Keras does to its process: before it imports TensorFlow, and just after."""

from __future__ import annotations

import gc
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

GPU_SHARERS = "HPO_TUI_WORKERS_PER_GPU"
"""Environment variable: how many workers share this one's GPU; what it keeps there leaves them their part."""

X86 = {"x86_64", "AMD64"}
"""Where oneDNN pays: TensorFlow turns it on by itself only for a processor with AVX512.

With AVX2 alone (AMD EPYC) ``tests/bench/throughput.py``'s 24 trainings take 105 CPU seconds with it, 213 without.
"""


def prepare_environment(device: str, threads: int) -> None:
    """Set what TensorFlow reads from the environment as it is imported: the one device it may see, its threads."""
    show_one_device(device)
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    if platform.machine() in X86:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def show_one_device(device: str) -> None:
    """Let whatever computes on CUDA in this process see its one GPU, or none."""
    visible = "-1"
    if device.startswith("gpu:"):
        number = int(device.removeprefix("gpu:"))
        listed = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
        visible = listed[number] if number < len(listed) else str(number)
    os.environ["CUDA_VISIBLE_DEVICES"] = visible


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import TensorFlow within this in 1.7 s instead of 2.5 s.

    The garbage collector finds nothing in a million fresh objects, so it waits, and never looks at them again.
    Keras imports pandas where it can, and does without where it cannot; no training needs it.
    """
    gc.disable()
    hidden = "pandas" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's way to say "not to be found"
    try:
        yield
    finally:
        if hidden:
            del sys.modules["pandas"]
        gc.freeze()
        gc.enable()


def set_up(threads: int, device: str) -> str:
    """Set threads and memory growth, before TensorFlow's first computation; return the device it computes on."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    found = tf.config.list_physical_devices("GPU")
    for gpu in found:
        tf.config.experimental.set_memory_growth(gpu, True)
    return device if found else "cpu"
