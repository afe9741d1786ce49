"""python search_with_seed.py FILE SEED: let KerasTuner itself run a file, each model built after one seed.

Prints each trial's values and score as JSON.
"""

import json
import runpy
import sys

import keras
from keras_tuner.src.engine import base_tuner, tuner

path, seed = sys.argv[1], int(sys.argv[2])
build, search = tuner.Tuner._build_hypermodel, base_tuner.BaseTuner.search


def seeded(self, hp):
    keras.utils.set_random_seed(seed)
    return build(self, hp)


def told(self, *args, **kwargs):
    search(self, *args, **kwargs)
    trials = self.oracle.trials.values()
    print("trials", json.dumps([[trial.hyperparameters.values, trial.score] for trial in trials]))


tuner.Tuner._build_hypermodel = seeded
base_tuner.BaseTuner.search = told
sys.argv = [path]
runpy.run_path(path, run_name="__main__")
