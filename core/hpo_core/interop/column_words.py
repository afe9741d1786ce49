"""What the names of columns say: the words of each role. Names are compared in small letters, word by word."""

from __future__ import annotations

import re

from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.metrics import has_metric


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARAMETER_PREFIXES = (
    *("params_", "param_", "params.", "params/", "parameters.", "parameters/"),
    *("config/", "config.", "hparams/", "hparams.", "hyperparameters/", "hyperparameters."),
)
"""Before the name of a hyperparameter: Optuna, scikit-learn, MLflow, Ray Tune and W&B, TensorBoard."""

METRIC_PREFIXES = (
    *("metrics.", "metrics/", "summary.", "summary/", "values_"),
    *("results.", "results/", "scores.", "scores/"),
)
"""Before the name of a metric: MLflow, W&B, Optuna with several objectives, hand-made JSON."""

REPLICATE = _words(
    """
    cv_fold fold random_seed random_state rep repeat repetition replicate seed split
    """
)
"""What tells trainings with the same values from one another."""

TRAINING = _words(
    """
    exp exp_id experiment experiment_id experiment_tag id job_id model_id number run run_id run_name
    arm arm_name name tid trial trial_id trial_name uuid
    """
)
"""What names one training."""

EPOCH = ("epoch", "training_iteration", "step", "global_step", "iteration", "iter", "round")
"""What counts the rows of one training."""

EPOCHS_DONE = frozenset(("epoch", "training_iteration", "round", "round_epochs", "epochs_trained", "last_epoch"))
"""How many epochs a training had, in a table with a row for each training."""

LENGTH = frozenset(EPOCH) | EPOCHS_DONE | {"batches", "total_steps", "steps_done", "timesteps_total"}
"""How far a training went, which nobody set."""

STATE = frozenset(("state", "status", "trial_status"))

RESULT = ("objective", "objective_value", "target", "result", "cost", "fitness", "performance", "value", "y")
"""What a search judges by, where no column names a metric; which way it improves is not told."""

MEANS, SPREADS = frozenset(("mean", "avg", "average")), frozenset(("std", "sd", "stderr", "sem", "stdev"))
"""Words of a result over several trainings, and of what stands beside it."""

SECONDS = _words(
    """
    duration_s duration_sec duration_seconds elapsed_s fit_time runtime runtime_s seconds time_s time_sec
    time_total_s train_time_s training_time_s wall_time_s
    """
)
"""What a training took, in seconds."""

_NOTE_NAMES = _words(
    """
    best_epoch best_step branch checkpoint checkpoint_path comment comments commit created created_at date
    datetime description device_name dir directory done duration elapsed ended file filename finished folder
    generation_method git gpu_name hash host hostname index level_0 log_dir logdir machine memory node
    node_ip note notes params path pid sha should_checkpoint show_metrics show_summary source_name
    source_type started started_at sweep tag tags time timestamp updated updated_at uri url user username
    version walltime
    """
)
_NOTE_WORDS = _words(
    """
    attrs bytes clock commit date datetime duration elapsed filename flops fps gb gflops gib git hostname kb
    latency macs mb md5 mib path runtime sha since throughput time timestamp uri url uuid walltime wandb
    """
)
_UNITS_OF_TIME = re.compile(r"(^|_)(s|sec|secs|second|seconds|ms|minute|minutes|mins|hour|hours|hrs)$")
_STEPS_OF_TIME = re.compile(r"(n_|num_)?time_?steps?|time_(horizon|window|lag)")
_PARAMETER_COUNT = re.compile(
    r"(n|num|number_of|total|trainable)_(of_)?(params|parameters|weights)|(params|parameters)_?(count|total|m)?"
)

SETTING = _words(
    """
    activation alpha augmentation batch beta beta1 beta2 c channels clip colsample criterion decay degree
    depth dropout embed embedding epochs eps epsilon estimators eta features filters gamma heads hidden init
    kernel l1 l2 lambda layer layers leaf lr max min momentum n neighbors neurons noise num optimizer p
    patience penalty prob rate reg regularization samples scheduler size solver stride subsample tau
    temperature threshold tol units warmup wd weight width
    """
)
"""Words of what a person sets: a hyperparameter even where each row has a value of its own."""

_ERRORS = frozenset(("error_message", "exception", "message", "reason", "traceback"))
_COUNTER = re.compile(r"_(index|idx|id|no|nr|num|number)$")
_NUMBERED = re.compile(rf"(?:^|_)(?:{'|'.join(sorted(REPLICATE | {'cv', 'run', 'trial', 'try'}))})_?\d+(?=_|$)")
_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def spelled(name: str) -> str:
    """Return a name in small letters, its words joined by ``_``."""
    return _APART.sub("_", name.strip()).strip("_").lower()


def without_replicate(name: str) -> str:
    """Return the rest of a name that holds a replicate's number: ``val_acc`` of ``val_acc_run2``; else ""."""
    rest, found = _NUMBERED.subn("", spelled(name), count=1)
    return rest.strip("_") if found else ""


def without_mean(name: str) -> str:
    """Return a name as it is spelled, without a word that says it is a mean."""
    return "_".join(word for word in spelled(name).split("_") if word not in MEANS)


def is_setting(name: str) -> bool:
    """Whether a name is one of what a person sets."""
    return name in KNOWN or spelled(name) in KNOWN or not SETTING.isdisjoint(spelled(name).split("_"))


def base(name: str) -> str:
    """Return a name as it is spelled, without what says that it only counts: ``seed_index`` is a seed."""
    return _COUNTER.sub("", spelled(name)) or spelled(name)


def note_by_name(name: str) -> str:
    """Return what a column is by its name where it is no setting: "a time"; else ""."""
    words = spelled(name)
    each = set(words.split("_"))
    if _STEPS_OF_TIME.fullmatch(words):
        return ""
    if words in SECONDS or _UNITS_OF_TIME.search(words) or {"duration", "elapsed", "time"} & each:
        return "a time, not a setting"
    if _PARAMETER_COUNT.fullmatch(words) or {"mb", "gb", "kb", "mib", "gib", "bytes", "flops"} & each:
        return "a size that follows from the settings"
    if SPREADS & each and (has_metric(name) or not is_setting(name)):
        return "a spread; the replicates tell it"
    if words.startswith("rank_"):
        return "an order of the trainings"
    if words in _ERRORS:
        return "what was said of a failure"
    if words in _NOTE_NAMES or not _NOTE_WORDS.isdisjoint(each):
        return "says where or when, not how it was trained"
    return ""


def without_prefix(name: str, prefixes: tuple[str, ...]) -> str:
    """Return a name without what stands before it, "" where none of ``prefixes`` does."""
    found = next((prefix for prefix in prefixes if name.lower().startswith(prefix)), None)
    rest = name[len(found) :] if found else ""
    return "" if found and _PARAMETER_COUNT.fullmatch(spelled(name)) else rest
