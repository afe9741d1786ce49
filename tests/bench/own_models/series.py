"""A classifier of time series, with convolutions in one dimension and batch normalisation."""

import keras
import numpy as np
from keras import layers

GRID = {"lr": [1e-3, 3e-3, 1e-2, 3e-2], "filters": [8, 24]}
EPOCHS, OBJECTIVE = 5, "val_accuracy"


def build_model(hp):
    filters = hp.Choice("filters", GRID["filters"])
    model = keras.Sequential([keras.Input((64, 3))])
    for factor in (1, 2):
        model.add(layers.Conv1D(filters * factor, 5, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling1D(4))
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(4, activation="softmax"))
    optimizer = keras.optimizers.Adam(hp.Choice("lr", GRID["lr"]))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data():
    draw = np.random.default_rng(0)
    y = draw.integers(0, 4, 2500)
    waves = np.sin(np.linspace(0, 12, 64)[None, :, None] * (1 + y[:, None, None] / 2))
    x = (waves + draw.normal(size=(2500, 64, 3))).astype("float32")
    return (x[:2000], y[:2000]), (x[2000:], y[2000:])
