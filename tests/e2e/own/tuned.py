"""A KerasTuner file as its users write them: nothing of hpo-tui in it."""

import keras
import keras_tuner as kt
import numpy as np
from keras import layers


class Classifier(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.Input((8,))])
        for i in range(hp.Int("layers", 1, 2)):
            model.add(layers.Dense(hp.Fixed(f"units_{i}", 8), activation="relu"))
        if hp.get("layers") == 2:
            with hp.conditional_scope("layers", [2]):
                model.add(layers.Dropout(hp.Float("dropout", 0.1, 0.3, step=0.2)))
        model.add(layers.Dense(3, "softmax"))
        rate = hp.Choice("lr", [1e-3, 1e-1])
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


def main():
    random = np.random.default_rng(0)
    x = random.normal(size=(240, 8)).astype("float32")
    y = (x[:, :3] + 0.3 * random.normal(size=(240, 3))).argmax(axis=1)
    tuner = kt.GridSearch(
        Classifier(),
        objective="val_accuracy",
        max_trials=100,
        executions_per_trial=1,
        directory="searched",
        overwrite=True,
    )
    tuner.search_space_summary()
    tuner.search(
        x,
        y,
        epochs=2,
        batch_size=16,
        validation_split=0.25,
        callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=2)],
        verbose=0,
    )
    print("best", tuner.get_best_hyperparameters()[0].values)


if __name__ == "__main__":
    main()
