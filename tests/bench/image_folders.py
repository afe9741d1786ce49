"""The images to train on: a folder that is there, or generated fruit written as JPEG files."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from hpo_core.workloads.images import fruit

CLASSES = 10
SIZE = (100, 100)
QUALITY = 90

SHAPES = Path(__file__).resolve().parents[2] / "../shared/data/fruit-shapes"
PER_CLASS = {"fruit10k": 1000, "fruit1x": 120, "fruit2x": 240, "fruit4x": 480, "fruit8x": 960}
"""Training images of each class in the generated sets; a third as many for validation would be too many: 30 %."""

GROWTH = ("fruit1x", "fruit2x", "fruit4x", "fruit8x")
NAMES = ("shapes", *PER_CLASS)


def image_folder(name: str, shapes: Path, scratch: Path) -> Path:
    """Return the folder of the data set ``name``, writing it under ``scratch`` where it is a generated one.

    Where ``shapes`` is no folder, as many generated images stand in for it: 12 classes of 100.
    """
    if name == "shapes" and shapes.is_dir():
        return shapes.resolve()
    classes, per_class = (12, 100) if name == "shapes" else (CLASSES, PER_CLASS[name])
    return generate(scratch / f"{name}-{classes}x{per_class}", classes, per_class, per_class * 3 // 10)


def generate(folder: Path, classes: int, training: int, validation: int) -> Path:
    """Write fruit images, so many for each class and part, unless the folder is there already; return it."""
    if folder.is_dir():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(_write_class, unfinished, training, validation), range(classes)))
    return unfinished.rename(folder)


def count_images(folder: Path) -> tuple[int, int]:
    """Return how many images there are for training and for validation."""
    training, validation = (sum(1 for _ in (folder / part).glob("*/*")) for part in ("Training", "Validation"))
    return training, validation


def _write_class(folder: Path, training: int, validation: int, number: int) -> None:
    for part, indices in (("Training", range(training)), ("Validation", range(training, training + validation))):
        place = folder / part / fruit.CLASS_NAMES[number]
        place.mkdir(parents=True)
        for index in indices:
            Image.fromarray(fruit.draw(number, index, SIZE, seed=0)).save(place / f"{index}.jpg", quality=QUALITY)
