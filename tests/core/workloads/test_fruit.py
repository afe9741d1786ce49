"""The generated fruit: always the same, one class unlike another, on white, at any size."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_core.workloads.images import fruit
from hpo_core.workloads.images.dataset import prepare


def test_there_are_many_kinds_with_names_of_their_own() -> None:
    assert len(set(fruit.CLASS_NAMES)) == len(fruit.KINDS) >= 12


def test_an_image_is_decided_by_seed_class_index_and_size() -> None:
    one = fruit.draw(3, 5, (40, 40), 7)
    np.testing.assert_array_equal(one, fruit.draw(3, 5, (40, 40), 7))
    for other in (fruit.draw(4, 5, (40, 40), 7), fruit.draw(3, 6, (40, 40), 7), fruit.draw(3, 5, (40, 40), 8)):
        assert (one != other).any()


@pytest.mark.parametrize("size", [(100, 100), (32, 48), (7, 5), (1, 1)])
def test_any_size_gives_colour_images_of_that_size(size: tuple[int, int]) -> None:
    for number in range(len(fruit.KINDS)):
        image = fruit.draw(number, 0, size, 0)
        assert image.shape == (*size, 3)
        assert image.dtype == np.uint8


@pytest.mark.parametrize("number", range(len(fruit.KINDS)), ids=fruit.CLASS_NAMES)
def test_a_fruit_lies_on_white_and_is_shaded(number: int) -> None:
    image = fruit.draw(number, 1, (64, 64), 0).astype(int)
    white = (image == 255).all(axis=-1)
    assert 0.2 < white.mean() < 0.95
    inside = image[~white]
    assert inside.std(axis=0).max() > 8, "a flat disc has no light on it"
    assert np.ptp(inside.mean(axis=0)) > 3, "a fruit has a colour"


def test_no_class_looks_like_another_on_average() -> None:
    colours = []
    for number in range(len(fruit.KINDS)):
        some = np.stack([fruit.draw(number, index, (32, 32), 0) for index in range(12)]).astype(float)
        shape = (some < 250).any(axis=-1).mean()
        colours.append([*some[(some < 250).any(axis=-1)].mean(axis=0), 300 * shape])
    gaps = np.linalg.norm(np.subtract.outer(np.array(colours), np.array(colours)).diagonal(0, 1, 3), axis=-1)
    assert gaps[np.triu_indices(len(gaps), 1)].min() > 4


def test_training_and_validation_never_share_an_image() -> None:
    table = {
        "source": "fruit",
        "image_size": [16, 16],
        "classes": 4,
        "train_per_class": 20,
        "validation_per_class": 10,
    }
    data = prepare(table)
    train = {image.tobytes() for image in data.x_train}
    validation = {image.tobytes() for image in data.x_val}
    assert len(train) == 80
    assert len(validation) == 40
    assert not train & validation
    assert np.bincount(data.y_train).tolist() == [20] * 4
    assert data.classes == fruit.CLASS_NAMES[:4]
