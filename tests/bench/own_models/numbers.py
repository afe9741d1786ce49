"""A regression on a table of numbers, with two inputs."""

import keras
import numpy as np
from keras import layers

GRID = {"lr": [1e-3, 3e-3, 1e-2, 3e-2], "units": [16, 64]}
EPOCHS, OBJECTIVE = 5, "val_mae"


def build_model(hp):
    wide, narrow = keras.Input((12,)), keras.Input((4,))
    x = layers.Dense(hp.Choice("units", GRID["units"]), activation="relu")(wide)
    x = layers.Dropout(0.1)(layers.Dense(16, activation="relu")(layers.Concatenate()([x, narrow])))
    model = keras.Model([wide, narrow], layers.Dense(1)(x))
    model.compile(keras.optimizers.Adam(hp.Choice("lr", GRID["lr"])), "mse", metrics=["mae"])
    return model


def data():
    draw = np.random.default_rng(0)
    wide, narrow = (draw.normal(size=(5000, n)).astype("float32") for n in (12, 4))
    y = (wide[:, :3].prod(axis=1) + narrow[:, 0]).astype("float32")
    return ([wide[:4000], narrow[:4000]], y[:4000]), ([wide[4000:], narrow[4000:]], y[4000:])
