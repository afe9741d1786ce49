"""The paper's network in plain Keras, on the generated fruit images."""

import keras
from keras import layers

from hpo_core.workloads.images.dataset import prepare

DATA = {"source": "fruit", "image_size": [100, 100], "train_per_class": 48, "validation_per_class": 16}
GRID = {"learning_rate": [3e-4, 5e-4, 1e-3, 2e-3], "filters": [12, 24]}
EPOCHS, OBJECTIVE = 3, "val_accuracy"


def build_model(hp):
    filters = hp.Choice("filters", GRID["filters"])
    model = keras.Sequential([keras.Input((100, 100, 3)), layers.Rescaling(1 / 255)])
    for factor in (1, 2, 4):
        model.add(layers.Conv2D(filters * factor, 4, 2, "same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(20, "relu"))
    model.add(layers.Dropout(0.05))
    model.add(layers.Dense(10, "softmax"))
    optimizer = keras.optimizers.Adam(hp.Choice("learning_rate", GRID["learning_rate"]))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data():
    found = prepare(DATA)
    return (found.x_train[:], found.y_train), (found.x_val[:], found.y_val)
