"""The workloads that can be asked for by name: what a spec may say to each, and the module that trains.

The facts stand here, below everything that reads a spec; the module is named, not imported, so that reading a spec
imports no framework. A workload more is a row here and its module in ``hpo_core.workloads``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from hpo_core.errors import HpoError
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter
from hpo_core.text import clean


class WorkloadFacts(Struct, frozen=True):
    """What must be known of a workload before it is imported.

    ``module`` offers what ``hpo_core.workloads.workload.WorkloadModule`` says, and imports no framework before it
    is told to start. ``hyperparameters`` are those that it takes, None where any name is one. ``metrics`` are
    those that every training reports, none where only a training can tell. ``needs`` is the package without which
    nothing trains; ``meaning`` says what it is, for the command line. ``gpu`` says that it trains on a GPU where
    there is one, ``made_up`` that its results mean nothing.
    """

    name: str
    module: str
    hyperparameters: Mapping[str, KnownHyperparameter] | None
    metrics: tuple[str, ...]
    needs: str = ""
    meaning: str = ""
    gpu: bool = False
    made_up: bool = False


def _table(*rows: WorkloadFacts) -> Mapping[str, WorkloadFacts]:
    return MappingProxyType({row.name: row for row in rows})


MEASURED = ("accuracy", "loss", "crossentropy")
"""What the paper's trainings report, on the training and on the validation images.

``crossentropy`` is the same score whatever is minimised; ``loss`` is what is minimised, penalties included.
"""

PAPER_METRICS = tuple(kind + name for name in MEASURED for kind in ("val_", ""))

OWN_WORKLOAD = "own"
"""The workload of a spec that has a ``[model]`` table."""

WORKLOADS = _table(
    WorkloadFacts(
        "paper",
        "hpo_core.workloads.paper.entry",
        KNOWN,
        PAPER_METRICS,
        needs="tensorflow",
        meaning="the paper's convolutional network, on images",
        gpu=True,
    ),
    WorkloadFacts(
        OWN_WORKLOAD,
        "hpo_core.workloads.own.entry",
        None,
        (),
        meaning="the file or the command in the spec's [model] table",
        gpu=True,
    ),
    WorkloadFacts(
        "synthetic",
        "hpo_core.workloads.synthetic",
        KNOWN,
        PAPER_METRICS,
        meaning="made-up but plausible results in no time, without TensorFlow, to try things out",
        made_up=True,
    ),
)
"""Every workload, by name; the first is the default."""

DEFAULT_WORKLOAD = next(iter(WORKLOADS))

FORMER_NAMES = MappingProxyType({"tensorflow": "paper"})
"""What older journals and command lines call a workload."""


def misfit(workload: str, has_model: bool) -> str:
    """Return why a workload cannot train what a spec asks for, as a sentence; empty where it can."""
    if facts_of(workload).made_up or (workload == OWN_WORKLOAD) == has_model:
        return ""
    return f"the workload {OWN_WORKLOAD!r} and a table [model] go together."


def facts_of(workload: str) -> WorkloadFacts:
    """Return a workload's row. Raises ``HpoError`` where there is none of that name."""
    try:
        return WORKLOADS[workload]
    except KeyError:
        raise HpoError(
            f"There is no workload {clean(workload, 60)!r} here, only {', '.join(WORKLOADS)}."
        ) from None
