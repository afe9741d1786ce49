"""The lines with which a script of its own reads a session's images: uint8 RGB, and one-hot labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hpo_core.journal.files import FILE_MODE
from hpo_core.plan.data_source import KERAS_DATASETS
from hpo_core.workloads.images.class_folders import CLUTTER, TRAINING_NAMES, VALIDATION_NAMES, find
from hpo_core.workloads.images.dataset import prepare

ARRAYS = "data.npz"
"""Where images that no file of the user's has are written, beside the script."""

_FOLDER = '''\
from PIL import Image, ImageOps

FOLDER, SIZE = {root!r}, {size!r}
CLASSES = {classes!r}


def read(part):
    """Return the images of a part, (n, height, width, 3) from 0 to 255, and their one-hot labels."""
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        top = pathlib.Path(FOLDER, part, name)
        for path in sorted(top.rglob("*")):
            hidden = any(step.startswith(".") for step in path.relative_to(top).parts)
            if hidden or path.is_dir() or path.name.lower() in {clutter!r}:
                continue
            image = ImageOps.exif_transpose(keras.utils.load_img(path))  # upright
            images.append(np.asarray(image.resize(SIZE[::-1], Image.Resampling.BILINEAR), "uint8"))
            labels.append(label)
    return np.stack(images), keras.utils.to_categorical(labels, len(CLASSES))


{read}
'''
_WITH_PARTS = """\
x_train, y_train = read({train!r})
x_val, y_val = read({validation!r})"""
_WITHOUT_PARTS = """\
x, y = read("")
kept = np.random.default_rng(0).random(len(x)) < {share!r}  # the session kept other images aside, as many of them
x_train, y_train, x_val, y_val = x[~kept], y[~kept], x[kept], y[kept]"""

_ARRAYS = """\
with np.load(pathlib.Path(__file__).with_name("data.npz")) as data:  # as the session had them
    x_train, y_train, x_val, y_val = (data[name] for name in ("x_train", "y_train", "x_val", "y_val"))
y_train, y_val = (keras.utils.to_categorical(y, {classes!r}) for y in (y_train, y_val))
"""

_KERAS = """\
(x_train, y_train), (x_val, y_val) = keras.datasets.{name}.load_data()
if x_train.ndim == 3:  # grey
    x_train, x_val = (np.repeat(x[..., None], 3, axis=3) for x in (x_train, x_val))
{resize}y_train, y_val = (keras.utils.to_categorical(y, {classes!r}) for y in (y_train, y_val))
"""
_RESIZE = "x_train, x_val = (np.asarray(keras.ops.image.resize(x, {size!r})) for x in (x_train, x_val))\n"


def reading(table: Mapping[str, Any], to: Path) -> tuple[str, tuple[int, int], int]:
    """Return the lines that read the images of a ``[data]`` table, their size (height, width), and their classes.

    Images that were generated or came as arrays are written beside the script. Raises ``DataError``, ``OSError``.
    """
    source = str(table["source"])
    if source in KERAS_DATASETS:
        side, classes = (28, 10) if "mnist" in source else (32, 100 if source == "cifar100" else 10)
        wanted = table.get("image_size")
        size = (side, side) if wanted is None else (int(wanted[0]), int(wanted[1]))
        resize = "" if size == (side, side) else _RESIZE.format(size=size)
        return _KERAS.format(name=source, resize=resize, classes=classes), size, classes
    data = prepare(dict(table))
    size, classes = data.image_size, len(data.classes)
    if source == "folder":
        root = Path(str(table["path"]))
        share = float(table.get("validation_split", 0.2))
        listing = find(root, share)
        tops = {file.name.split("/")[0] for file in listing.files}
        parts = [
            next((top for top in tops if top.lower() in known), None)
            for known in (TRAINING_NAMES, VALIDATION_NAMES)
        ]
        read = _WITHOUT_PARTS.format(share=share)
        if all(parts):
            read = _WITH_PARTS.format(train=parts[0], validation=parts[1])
        elif parts[0]:
            read = read.replace('read("")', f"read({parts[0]!r})")
        depth = 1 if parts[0] else 0
        folders = {file.label: file.name.split("/")[depth] for file in listing.train}  # a name may be no UTF-8
        names = [folders[label] for label in range(classes)]
        text = _FOLDER.format(root=str(root), size=size, classes=names, read=read, clutter=CLUTTER)
        return text, size, classes
    path = to / ARRAYS
    np.savez_compressed(path, x_train=data.x_train, y_train=data.y_train, x_val=data.x_val, y_val=data.y_val)
    path.chmod(FILE_MODE)
    return _ARRAYS.format(classes=classes), size, classes
