"""The metrics that the product knows: how each is spelled, which way it improves, what it can be compared over.

One table. Everything that must know something of a metric by its name asks it: the direction of an objective, the
ends of its range, whether its values can be compared over the values of ``loss``, whether it is what a training
costs. A name that is not in the table is read by its words ("time_per_epoch", "top 5 accuracy"); one of which
nothing is known is taken to improve upwards.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from hpo_core.text import clean, joined

Direction = Literal["max", "min"]

SECONDS, IMAGES, PARAMETERS = "seconds", "images/s", "parameters"


class KnownMetric(Struct, frozen=True):
    """What is known of one metric; ``name`` is Keras' where Keras has one, ``spellings`` what else it is called.

    ``low`` and ``high`` are the ends of its range, inclusive. ``minimised_itself`` says that it is the very number
    that the training minimises, so that trials with different losses cannot be compared by it. ``cost`` is what a
    training takes, not what it is worth. ``same_each_time`` is true of what no seed changes. ``beside`` names the
    metric that is read together with this one.
    """

    name: str
    better: Direction
    spellings: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    minimised_itself: bool = False
    cost: bool = False
    same_each_time: bool = False
    beside: str = ""


def _share(name: str, *spellings: str, beside: str = "") -> KnownMetric:
    return KnownMetric(name, "max", spellings, 0.0, 1.0, beside=beside)


def _error(name: str, *spellings: str) -> KnownMetric:
    return KnownMetric(name, "min", spellings, 0.0)


METRICS: Mapping[str, KnownMetric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            _share(
                "accuracy",
                *("acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy"),
                *("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"),
                *("top1", "top_1", "top5", "top_5", "pass_1", "pass_5", "pass_10", "pass_100"),
                beside="loss",
            ),
            KnownMetric("loss", "min", low=0.0, minimised_itself=True, beside="accuracy"),
            _error(
                "crossentropy",
                *("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"),
                *("cross_entropy", "log_loss", "logloss", "nll", "perplexity", "ppl", "bits_per_byte"),
            ),
            _error("mean_squared_error", "mse", "msle", "mean_squared_log_error"),
            _error("root_mean_squared_error", "rmse", "nrmse", "rmsle"),
            _error("mean_absolute_error", "mae", "median_absolute_error", "max_error"),
            _error("mean_absolute_percentage_error", "mape", "smape"),
            _error("error", "err", "error_rate", "deviance", "misclassification", "brier", "brier_score", "eer"),
            _error("word_error_rate", "wer", "cer"),
            _error("fid", "fid_score", "frechet_inception_distance", "lpips", "regret"),
            KnownMetric("aic", "min", ("bic",)),
            _error("huber_loss", "huber", "hinge", "hinge_loss", "squared_hinge"),
            _error("kl_divergence", "kullback_leibler_divergence", "kld"),
            KnownMetric("r2", "max", ("r2_score", "r_squared"), high=1.0),
            _share("precision", "average_precision"),
            _share("recall", "sensitivity", "specificity"),
            _share("auc", "roc_auc", "auc_roc", "auroc", "auprc", "pr_auc"),
            _share("f1", "f1_score", "f_score", "fbeta", "dice"),
            _share("iou", "mean_iou", "io_u", "m_io_u", "miou", "jaccard", "map", "m_ap", "ndcg"),
            _share("hits", "hit_rate", "mrr", "exact_match", "success_rate", "win_rate", "silhouette"),
            KnownMetric("mcc", "max", ("kappa", "cohen_kappa", "pearson", "spearman", "correlation"), -1.0, 1.0),
            KnownMetric("psnr", "max", ("ssim", "bleu", "rouge", "log_likelihood", "elbo")),
            KnownMetric("score", "max", ("reward", "rew", "return", "fitness", "inception_score")),
            KnownMetric(SECONDS, "min", ("second", "secs", "time", "duration", "latency"), 0.0, cost=True),
            KnownMetric(IMAGES, "max", ("images_per_second", "per_second", "throughput"), 0.0, cost=True),
            KnownMetric(PARAMETERS, "min", ("params",), 0.0, cost=True, same_each_time=True),
        )
    }
)
"""Every metric, by name: what a table is judged by first, where it says nothing; the costs as they are offered."""

COSTS = tuple(metric.name for metric in METRICS.values() if metric.cost)
"""What a training takes: its own time, training images for each of its seconds, and the model's size."""

_BY_SPELLING = {
    spelling: metric for metric in METRICS.values() for spelling in (metric.name.lower(), *metric.spellings)
}
_LONGEST = max(spelling.count("_") + 1 for spelling in _BY_SPELLING)
_ON_DATA = re.compile(r"(val|valid|validation|test|train|training|eval)_(?=.)")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AROUND = frozenset(
    (
        *("best", "final", "last", "mean", "avg", "average", "max", "min", "macro", "micro", "weighted", "dev"),
        *("balanced", "overall", "total", "top", "episode", "ep", "epoch"),
        *("cv", "oof", "holdout", "public", "private"),
    )
)
_SETTINGS_OF_VALIDATION = frozenset(
    (
        *("split", "size", "fraction", "frac", "ratio", "percent", "batch", "freq", "frequency", "interval"),
        *("steps", "every", "seed", "path", "data", "dataset", "set", "folds", "fold", "samples", "patience"),
    )
)
_NO_LETTER = re.compile(r"[^a-z0-9/]+")


def _spelled(name: str) -> str:
    """Return a name as the table spells it, without what it is measured on."""
    spelled = _NO_LETTER.sub("_", _CAPITAL.sub("_", name).lower()).strip("_")
    spelled = spelled if spelled == IMAGES else spelled.replace("/", "_")
    while _ON_DATA.match(spelled):
        spelled = _ON_DATA.sub("", spelled, count=1)
    return spelled


def is_metric(name: str) -> bool:
    """Whether a column of that name holds a score: a name that the table spells out, as "val_loss" or "Test/RMSE".

    ``best``, ``final``, ``macro`` and such around the name are of no account, nor are numbers behind it:
    "best_val_accuracy", "f1_macro", "mAP50". One that begins with what it was measured on (``val_``, ``test_``)
    is a metric where a word of it is one, and with ``val_`` unless it is a setting: "val_foo", not "val_split".
    """
    words = [word for word in re.split(r"[_/]", _spelled(name).removeprefix("neg_")) if word]
    inner = [word for word in words if word not in _AROUND]
    bare = [word for word in (word.rstrip("0123456789") for word in inner) if word]
    for some in (words, inner, bare):
        known = _BY_SPELLING.get(_spelled("_".join(some)))
        if known is not None:
            return not known.cost
    if _held_out(name) and _SETTINGS_OF_VALIDATION.isdisjoint(words):
        return name.lower().startswith("val_") or has_metric(name)
    return False


def has_metric(name: str) -> bool:
    """Whether a word of a name is a metric, of which more may be said: "auc_class_1"."""
    known = known_metric(name)
    return known is not None and not known.cost


def _held_out(name: str) -> bool:
    found = _ON_DATA.match(_CAPITAL.sub("_", name).lower().replace("/", "_").replace(" ", "_"))
    return found is not None and not found[1].startswith("train")


def best_known(names: Sequence[str]) -> str:
    """Return which of these metrics to judge by, where nobody says: accuracy, else loss, else the first of them.

    What was measured on validation data comes before what was measured on a test set, and what was measured in
    training comes last.
    """
    order = [metric.name for metric in METRICS.values() if metric.beside]

    def place(name: str) -> tuple[bool, int, int]:
        known = known_metric(name)
        words = set(re.split(r"[^a-z]+", _CAPITAL.sub("_", name).lower()))
        kind = order.index(known.name) if known is not None and known.name in order else len(order)
        on = 0 if words & {"val", "valid", "validation", "eval", "dev"} else 1 if "test" in words else 2
        return bool(words & {"train", "training"}), kind, on

    return min(names, key=place)


@cache
def known_metric(name: str) -> KnownMetric | None:
    """Return what is known of a metric by its name, however it is spelled: ``val_acc``, ``RMSE``, ``Loss``.

    What it is measured on (``val_``, ``test_``, ...) is of no account. Of a name that is in no row, the longest
    run of its words that is in one counts, the last where several are as long, at need without the numbers behind
    them ("mAP50"); None where nothing is known.
    """
    spelled = _spelled(name)
    if spelled in _BY_SPELLING:
        return _BY_SPELLING[spelled]
    return _by_words(spelled.split("_")) or _by_words([word.rstrip("0123456789") for word in spelled.split("_")])


def _by_words(words: Sequence[str]) -> KnownMetric | None:
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for first in range(len(words) - length, -1, -1):
            found = _BY_SPELLING.get("_".join(words[first : first + length]))
            if found is not None:
                return found
    return None


def direction_of(name: str) -> Direction:
    """Return which way a metric improves: as the table has it, else up.

    A ``neg_`` before the name turns it round, as scikit-learn writes errors that are to be maximised.
    """
    return known_direction(name) or "max"


def known_direction(name: str) -> Direction | None:
    """Return which way a metric improves, as ``direction_of``, or None where nothing is known of the name."""
    known = known_metric(name)
    if known is None:
        return None
    negated = re.search(r"(^|[_/.])(neg|negative)_", _CAPITAL.sub("_", name).lower()) is not None
    return "max" if negated else known.better


def compares_losses(name: str) -> bool:
    """Whether trials with different values of ``loss`` can be compared by this metric."""
    known = known_metric(name)
    return known is None or not known.minimised_itself


WITHIN = "compared within one loss only"
"""Where the sentence has no room, what stands from here on must do."""


def apart_words(name: str, metrics: Collection[str], by: Sequence[str] = ("loss",)) -> str:
    """Return the sentence on a metric that compares trials within one loss only; ``metrics`` are all there are.

    ``by`` names the hyperparameters that make the losses differ.
    """
    which = "" if tuple(by) == ("loss",) else f" by {joined([clean(one, 40) for one in by])}"
    same = name.replace("loss", "crossentropy")
    other = same if same in metrics else "another metric"
    return (
        f"{clean(name)} is what each training minimises, and these trials minimise different losses{which}: "
        f"they are {WITHIN}; {other} compares them all."
    )


def range_of(name: str) -> tuple[float, float]:
    """Return the least and the most that a metric can be, as far as its name tells."""
    known = known_metric(name)
    return (known.low, known.high) if known is not None else (-math.inf, math.inf)


class Objective(Struct, frozen=True):
    """A metric plus the direction in which it improves."""

    metric: str
    direction: Direction = "max"

    @property
    def maximised(self) -> bool:
        """Whether more is better."""
        return self.direction == "max"

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: the larger the product, the better."""
        return 1 if self.maximised else -1

    def better(self, one: float, other: float) -> bool:
        """Whether ``one`` is strictly better than ``other``."""
        return one > other if self.maximised else one < other

    @property
    def arrow(self) -> str:
        """ "↑" where more is better, "↓" where less is."""
        return "↑" if self.maximised else "↓"
