"""Images for TensorFlow: resident on the device where they fit, else streamed; the same batches either way."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import psutil
import tensorflow as tf
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.errors import DataError
from hpo_core.text import clean
from hpo_core.workloads.images.dataset import Dataset
from hpo_core.workloads.images.decode import Pixels
from hpo_core.workloads.keras_process import GPU_SHARERS

RESIDENT_SHARE = 0.5
"""The part of the free memory that resident images may take; the rest is for activations."""

UNKNOWN_GPU_MEMORY = 8e9
"""Bytes; free memory of a GPU of which no library tells."""

LANE = 8
"""Bytes of an int64."""

STREAM_STEPS = 8
"""So many batches are read from disk at a time."""

log = logging.getLogger(__name__)

Labels = NDArray[np.int32]
Order = NDArray[np.int64]


class Part(Struct, frozen=True):
    """Tensors to take ``rows`` images from: those at ``order`` (int64), in ``lanes`` and ``labels``."""

    lanes: tf.Tensor
    labels: tf.Tensor
    order: tf.Tensor
    rows: int


def as_lanes(images: Pixels) -> NDArray[np.int64]:
    """Return images (n, height, width, 3) as rows of eight bytes each: int64, the last lane filled with zeros.

    TensorFlow gathers no uint8 on a GPU: such images, resident there, would come back to the host for each batch.
    """
    flat = np.ascontiguousarray(images).reshape(len(images), -1)
    spare = -flat.shape[1] % LANE
    return (np.pad(flat, ((0, 0), (0, spare))) if spare else flat).view(np.int64)


def lanes_of(image_size: Sequence[int]) -> int:
    """Return how many lanes an image (height, width) has."""
    return -(-image_size[0] * image_size[1] * 3 // LANE)


def from_lanes(lanes: tf.Tensor, image_size: tuple[int, int]) -> tf.Tensor:
    """Return the images (n, height, width, 3), uint8, of some rows of lanes."""
    size = image_size[0] * image_size[1] * 3
    flat = tf.reshape(tf.bitcast(lanes, tf.uint8), (-1, lanes.shape[1] * LANE))
    return tf.reshape(flat[:, :size] if size % LANE else flat, (-1, *image_size, 3))


class Feed(Protocol):
    """One set of images, training or validation."""

    count: int

    def parts(self, order: Order, batch: int) -> Iterator[Part]:
        """Yield the images in ``order``; every part but the last holds whole batches."""
        ...


class Resident:
    """All images as one tensor on the device: a single part."""

    def __init__(self, images: Pixels, labels: Labels) -> None:
        self.count = len(labels)
        # int64: TensorFlow keeps int32 tensors in host memory even beside a GPU
        self._lanes, self._labels = tf.identity(as_lanes(images)), tf.identity(labels.astype(np.int64))

    def parts(self, order: Order, batch: int) -> Iterator[Part]:
        """Yield the one part."""
        yield Part(self._lanes, self._labels, tf.constant(order), len(order))


class Stream:
    """Images read from the memory map some batches at a time, ahead of the training."""

    def __init__(self, images: Pixels, labels: Labels) -> None:
        self.count = len(labels)
        self._images, self._labels = images, labels.astype(np.int64)

    def parts(self, order: Order, batch: int) -> Iterator[Part]:
        """Yield parts of ``STREAM_STEPS`` batches; the next is read while one trains."""
        rows = STREAM_STEPS * batch

        def read() -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
            for start in range(0, len(order), rows):
                wanted = order[start : start + rows]
                yield as_lanes(self._images[wanted]), self._labels[wanted]

        stream = tf.data.Dataset.from_generator(
            read,
            output_signature=(
                tf.TensorSpec((None, lanes_of(self._images.shape[1:3])), tf.int64),
                tf.TensorSpec((None,), tf.int64),
            ),
        ).prefetch(1)
        for lanes, labels in stream:
            count = int(labels.shape[0])
            yield Part(lanes, labels, tf.range(count, dtype=tf.int64), count)


def feeds(data: Dataset, device: str, threads: int) -> tuple[Feed, Feed]:
    """Return the training and the validation images, resident where they fit with a margin, which the log says."""
    need = data.x_train.nbytes + data.x_val.nbytes
    limit = resident_limit(device, threads)
    resident = need <= limit
    log.info(
        "images: %s, %.1f MB where up to %.1f MB may be resident",
        "resident" if resident else "streamed from disk",
        need / 1e6,
        limit / 1e6,
    )
    kind = Resident if resident else Stream
    return kind(data.x_train, data.y_train), kind(data.x_val, data.y_val)


def resident_limit(device: str, threads: int) -> float:
    """Return how many bytes of images may be resident: half of what is free in this worker's share.

    A GPU is shared by ``GPU_SHARERS`` workers; on the CPU a worker with ``threads`` threads takes that many cores'
    share, since others run beside it.
    """
    if device == "cpu":
        share = min(threads / (os.cpu_count() or 1), 1.0)
        return RESIDENT_SHARE * share * float(psutil.virtual_memory().available)
    return RESIDENT_SHARE * _free_gpu_memory() / max(int(os.environ.get(GPU_SHARERS) or 1), 1)


def _free_gpu_memory() -> float:
    """Return the free bytes of the one GPU that this process sees, or a modest guess where no library tells."""
    try:
        import pynvml
    except ImportError:
        return UNKNOWN_GPU_MEMORY
    try:
        pynvml.nvmlInit()
        name = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
        by_index, by_name = pynvml.nvmlDeviceGetHandleByIndex, pynvml.nvmlDeviceGetHandleByUUID
        handle = by_index(int(name)) if name.isdigit() else by_name(name)
        return float(pynvml.nvmlDeviceGetMemoryInfo(handle).free)
    except pynvml.NVMLError as error:
        log.warning("the GPU's free memory is unknown: %s", clean(error))
        return UNKNOWN_GPU_MEMORY


def keras_arrays(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of one of Keras' data sets, fetched into Keras' own folder where it is not there yet.

    Raises ``DataError`` where it cannot be fetched.
    """
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:
        raise DataError(f"Keras' data set {name} cannot be fetched: {clean(error, 160)}.") from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
