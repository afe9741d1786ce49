"""The GPU path, as far as a machine without one can tell: nothing in a compiled epoch has to leave the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hpo_core.plan.hyperparameters import OPTIMIZERS, Value

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import tensorflow as tf
    from tensorflow.python.framework import kernels

    from hpo_core.workloads.paper.program import Program
    from hpo_core.workloads.paper.tensors import as_lanes, from_lanes

pytestmark = pytest.mark.tf


def has_gpu_kernel(node: Any) -> bool:
    """Whether TensorFlow registers the operation for a GPU with these types; functions and the like need none."""
    registered = kernels.get_registered_kernels_for_op(node.op).kernel
    fitting = [kernel for kernel in registered if kernel.device_type in ("GPU", "DEFAULT")]
    return not registered or any(
        all(node.attr[c.name].type in c.allowed_values.list.type for c in kernel.constraint if c.name in node.attr)
        for kernel in fitting
    )


def nodes_of(function: Any) -> Iterator[Any]:
    """Every operation of a compiled function and of those that it calls."""
    graph = function.get_concrete_function().graph.as_graph_def()
    yield from graph.node
    for inner in graph.library.function:
        yield from inner.node_def


@pytest.mark.parametrize(
    ("optimizer", "precision"),
    [
        ("adam", "mixed_float16"),
        *(pytest.param(name, "float32", marks=pytest.mark.long) for name in sorted(OPTIMIZERS)),
    ],
)
def test_every_operation_of_a_compiled_epoch_has_a_gpu_kernel(
    values: Callable[..., dict[str, Value]], optimizer: str, precision: str
) -> None:
    small = values(optimizer=optimizer, batch_norm="on", l2=0.01, conv_layers=1)
    program = Program(small, (20, 20), 3, precision)
    nodes = [*nodes_of(program._train), *nodes_of(program._evaluate)]
    assert {"Conv2D", "GatherV2", "Bitcast"} <= {node.op for node in nodes}
    assert {node.op for node in nodes if not has_gpu_kernel(node)} == set()


def test_the_check_knows_that_bytes_cannot_be_gathered_on_a_gpu() -> None:
    gather = tf.function(
        lambda images: tf.gather(images, [0]), input_signature=[tf.TensorSpec((None, 4), tf.uint8)]
    )
    assert [node.op for node in nodes_of(gather) if not has_gpu_kernel(node)] == ["GatherV2"]


@pytest.mark.parametrize("size", [(20, 20), (13, 7), (1, 1)])
def test_images_come_out_of_their_lanes_as_they_went_in(size: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, *size, 3), dtype=np.uint8)
    rows = tf.constant([3, 0, 8], tf.int64)
    np.testing.assert_array_equal(from_lanes(tf.gather(as_lanes(images), rows), size), images[[3, 0, 8]])
