"""Signal and noise: what a grid's results say, and what only looks like it.

``analyse`` takes plain ``Results`` and returns ``Effects``: inputs.py is what goes in, model.py what comes out.
Between them, cells.py gathers the replicates of each combination, squares.py splits the variance, anova.py judges
it, values.py and winner.py compare values and trials, wiring.py and probed.py name hyperparameters that never
reach the training, classes.py sorts the failures, learning_curves.py reads the epochs, cost.py weighs score
against time; words.py, verdicts.py, rivals.py, warn.py and effects_json.py say it all.

What an effect is judged by: noise_parts.py finds out whether the noise is the same everywhere, unequal.py tests
where it is not, seed_strata.py where trials share their seeds, ranks.py gives a second opinion, looks.py says how
strict a look before the end must be. spread.py says how sure a mean and a difference are; failing_values.py and
out_of_race.py whether a value may be dropped.
"""

from hpo_core.effects.analyse import analyse
from hpo_core.effects.classes import classify
from hpo_core.effects.inputs import Factor, Results
from hpo_core.effects.learning_curves import by_value, final_slopes, overfitting_gap
from hpo_core.effects.model import Effect, Effects, FactorValues, ValueSummary
from hpo_core.effects.wiring import Wiring, check_wiring

__all__ = [
    "Effect",
    "Effects",
    "Factor",
    "FactorValues",
    "Results",
    "ValueSummary",
    "Wiring",
    "analyse",
    "by_value",
    "check_wiring",
    "classify",
    "final_slopes",
    "overfitting_gap",
]
