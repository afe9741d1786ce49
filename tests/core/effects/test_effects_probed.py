"""What probes say, in sentences: faults first, and nothing of what is in order."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from hpo_core.effects import Factor, Results, analyse
from hpo_core.effects.probed import in_short, probed_words
from hpo_core.effects.words import fault_words, sentences
from hpo_core.plan.probes import NOT_REPEATABLE, Finding

REACHES = Finding(hyperparameter="learning_rate", verdict="reaches", values=(1e-4, 1e-2), steps=8)
INERT = Finding(
    hyperparameter="loss", verdict="nothing", values=("poisson", "mse"), steps=8, only={"optimizer": ("adam",)}
)
LATE = Finding(hyperparameter="decay", verdict="late", values=(0.0, 0.5), steps=8)
UNTOLD = [
    Finding(hyperparameter=name, verdict="untold", reason=NOT_REPEATABLE) for name in ("loss", "filters", "l2")
]

INERT_WORDS = (
    "loss changes nothing in 8 steps with optimizer adam: probes with poisson and mse have the same bits."
)


def results() -> Results:
    """A loss that was never found out by its curves, for every training has a seed of its own."""
    trial = np.repeat(np.arange(1, 5), 2)
    codes = np.stack([(trial - 1) // 2, (trial - 1) % 2], axis=1)
    return Results(
        factors=(Factor("learning_rate", (1e-4, 1e-2)), Factor("loss", ("poisson", "mse"))),
        codes=codes,
        y=np.linspace(0.5, 0.9, 8),
        replicate=np.tile([1, 2], 4),
        trial=trial,
    )


def test_each_finding_has_its_words() -> None:
    assert [str(found) for found in probed_words([REACHES, LATE, INERT])] == [
        INERT_WORDS,
        "decay changes only after an epoch: until then, probes with 0 and 0.5 have the same bits.",
    ]
    (said,) = probed_words(UNTOLD)
    assert str(said) == (
        "Whether loss, filters and l2 reach the training cannot be told: not deterministic, the same seed and "
        "values gave other bits."
    )
    assert [in_short(found) for found in (REACHES, INERT, LATE, UNTOLD[0], None)] == [
        "reaches the training",
        "changes nothing in 8 steps",
        "changes only after an epoch",
        f"cannot be told: {NOT_REPEATABLE}",
        "not probed",
    ]


def test_a_record_that_lacks_what_it_should_say_does_no_harm() -> None:
    (said,) = probed_words([Finding(hyperparameter="a\x1b", verdict="nothing", only={"b": ()})])
    assert str(said) == "a␛ changes nothing in 0 steps with b : probes with other values have the same bits."


def test_only_what_changes_nothing_is_a_fault() -> None:
    assert [found.fault for found in probed_words([REACHES, LATE, INERT, *UNTOLD[1:]])] == [True, False, False]


def test_the_effects_begin_with_what_reaches_nothing() -> None:
    found = analyse(replace(results(), probed=(REACHES, INERT)), metric="val_accuracy")
    assert fault_words(found) == [INERT_WORDS]
    assert sentences(found)[0] == INERT_WORDS
    assert sentences(found).count(INERT_WORDS) == 1
    assert not analyse(replace(results(), probed=(REACHES,)), metric="val_accuracy").wiring


def test_curves_of_shared_seeds_say_more_than_a_probe() -> None:
    shared = replace(
        results(),
        blocked=True,
        curves={
            (trial, replicate): [{"loss": rate + 0.125 * replicate}]
            for trial, rate in ((1, 1.5), (2, 1.5), (3, 2.5), (4, 2.5))
            for replicate in (1, 2)
        },
        probed=(INERT,),
    )
    (said,) = fault_words(analyse(shared, metric="val_accuracy"))
    assert said.startswith("loss has no effect on training: 2 values gave identical curves")
