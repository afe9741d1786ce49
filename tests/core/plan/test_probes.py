"""The plan of probes: which are asked for, within which budget, and what their answers say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.probes import NOT_REPEATABLE, Answer, Finding, Question, affordable, probing

Values = Mapping[str, Value]
Bits = Callable[[Values, int, int], object]
"""From the values, the epoch (1 or 2) and the place of a step to what it leaves behind."""

EPOCH_STEPS = 20
PLENTY = 1000.0

RATE = Hyperparameter("learning_rate", (1e-4, 1e-3, 1e-2))
LOSS = Hyperparameter("loss", ("poisson", "mean_squared_error"))
FILTERS = Hyperparameter("filters", (12, 24))
OPTIMIZER = Hyperparameter("optimizer", ("adam", "sgd"))
MOMENTUM = Hyperparameter("momentum", (0.0, 0.5, 0.9))
EPOCHS = Hyperparameter("epochs", (3, 5))


@dataclass
class Workload:
    """Answers probes by a function, and adds up what they cost."""

    bits: Bits
    epoch_steps: int = EPOCH_STEPS
    asked: list[Question] = field(default_factory=list)
    spent: float = 0.0

    def answer(self, question: Question) -> Answer:
        if not question.steps or question.steps > question.epochs * self.epoch_steps + 1e-6:
            return Answer(epoch_steps=self.epoch_steps)
        self.asked.append(question)
        self.spent += question.steps / self.epoch_steps
        half = min(question.steps // 2, self.epoch_steps)
        prints = tuple(str(self.bits(question.values, e, place)) for e in (1, 2) for place in range(half))
        return Answer(epoch_steps=self.epoch_steps, prints=prints)


def ask(
    *factors: Hyperparameter,
    bits: Bits = lambda values, epoch, place: (values, epoch, place),
    budget: float = PLENTY,
    workload: Workload | None = None,
    answer: Callable[[Question], Answer] | None = None,
) -> dict[str, Finding]:
    """Answer all questions, and return the findings by hyperparameter."""
    answering = answer or (workload or Workload(bits)).answer
    plan = probing(factors, budget)
    try:
        question = next(plan)
        while True:
            question = plan.send(answering(question))
    except StopIteration as end:
        return {finding.hyperparameter: finding for finding in end.value}


def without(name: str) -> Bits:
    """Bits that do not depend on a hyperparameter."""
    return lambda values, epoch, place: ({k: v for k, v in values.items() if k != name}, epoch, place)


def test_what_reaches_the_training_takes_one_probe_beside_the_two_of_the_base() -> None:
    workload = Workload(lambda values, epoch, place: (values, epoch, place))
    found = ask(RATE, LOSS, FILTERS, workload=workload)
    assert {name: finding.verdict for name, finding in found.items()} == {
        "learning_rate": "reaches",
        "loss": "reaches",
        "filters": "reaches",
    }
    assert [question.steps for question in workload.asked] == [8] * 5
    base = {"learning_rate": 1e-4, "loss": "poisson", "filters": 12}
    assert [question.values for question in workload.asked] == [
        base,
        base,
        base | {"learning_rate": 1e-2},
        base | {"loss": "mean_squared_error"},
        base | {"filters": 24},
    ]
    assert found["learning_rate"].values == (1e-4, 1e-2)


def test_what_changes_nothing_is_tried_at_every_value_of_all_and_then_named() -> None:
    found = ask(RATE, LOSS, FILTERS, bits=without("loss"))
    assert found["loss"] == Finding(
        hyperparameter="loss", verdict="nothing", values=("poisson", "mean_squared_error"), steps=8
    )
    assert found["filters"].verdict == found["learning_rate"].verdict == "reaches"


def test_what_was_not_seen_with_every_value_of_another_is_said() -> None:
    per_probe = 8 / EPOCH_STEPS
    found = ask(RATE, LOSS, bits=without("loss"), budget=6 * per_probe + 1e-9)
    assert found["loss"].only == {"learning_rate": (1e-4, 1e-3)}
    found = ask(RATE, LOSS, bits=without("loss"), budget=4 * per_probe + 1e-9)
    assert found["loss"].only == {"learning_rate": (1e-4,)}


def test_what_acts_with_another_value_of_another_is_not_called_inert() -> None:
    def momentum_of_sgd(values: Values, epoch: int, place: int) -> object:
        momentum = values["momentum"] if values["optimizer"] == "sgd" and place else None
        return values["optimizer"], momentum, epoch, place

    found = ask(OPTIMIZER, MOMENTUM, bits=momentum_of_sgd)
    assert {finding.verdict for finding in found.values()} == {"reaches"}
    poor = ask(OPTIMIZER, MOMENTUM, bits=momentum_of_sgd, budget=4 * 8 / EPOCH_STEPS)
    assert (poor["momentum"].verdict, poor["momentum"].only) == ("nothing", {"optimizer": ("adam",)})


def test_what_acts_only_where_two_others_are_unlike_is_not_called_inert() -> None:
    def of_two(values: Values, epoch: int, place: int) -> object:
        unlike = values["optimizer"] == "sgd" and values["loss"] == "poisson"
        return values["optimizer"], values["loss"], values["filters"] if unlike else None, epoch, place

    assert ask(OPTIMIZER, LOSS, FILTERS, bits=of_two)["filters"].verdict == "reaches"


def test_what_changes_only_after_an_epoch_is_told_from_what_changes_nothing() -> None:
    def late(values: Values, epoch: int, place: int) -> object:
        return {k: v for k, v in values.items() if k != "loss" or epoch == 2}, epoch, place

    assert ask(RATE, LOSS, bits=late)["loss"].verdict == "late"


def test_where_the_same_seed_gives_other_bits_nothing_is_told() -> None:
    count = iter(range(10_000))
    workload = Workload(lambda values, epoch, place: next(count))
    found = ask(RATE, LOSS, workload=workload)
    assert {(finding.verdict, finding.reason) for finding in found.values()} == {("untold", NOT_REPEATABLE)}
    assert len(workload.asked) == 2, "no further probe is worth its steps"


def test_what_acts_on_the_length_alone_is_not_probed() -> None:
    assert ask(EPOCHS) == {}
    found = ask(LOSS, EPOCHS, bits=without("loss"))
    assert list(found) == ["loss"]
    assert found["loss"].only == {}, "a probe is too short to be of any number of epochs"


@pytest.mark.parametrize("epoch_steps", [2, 3, 19, 1000])
@pytest.mark.parametrize("budget", [0.0, 0.1, 0.48, 1.44, 7.2, 100.0])
@pytest.mark.parametrize("inert", ["", "loss", "filters"])
def test_probes_never_cost_more_than_the_budget(epoch_steps: int, budget: float, inert: str) -> None:
    workload = Workload(without(inert), epoch_steps)
    found = ask(RATE, LOSS, FILTERS, workload=workload, budget=budget)
    assert workload.spent <= budget + 1e-6
    assert all(finding.verdict == ("nothing" if name == inert else "reaches") for name, finding in found.items())


def test_with_little_to_spend_probes_are_shorter_then_fewer_then_none() -> None:
    assert affordable(1000, 19, 3) == (3, 8)
    assert affordable(27.4, 19, 3) == (3, 4)
    assert affordable(19.9, 19, 3) == (2, 4)
    assert affordable(12, 19, 3) == (1, 4)
    assert affordable(11.9, 19, 3) == (0, 0)
    assert affordable(1000, 2, 3) == (3, 4), "neither half is longer than an epoch"
    assert affordable(1000, 1, 3) == (0, 0)
    assert ask(RATE, LOSS, FILTERS, budget=0.1) == {}


def test_a_probe_that_fails_is_not_told_and_the_others_are() -> None:
    workload = Workload(without("filters"))

    def fail(question: Question) -> Answer:
        if question.values["loss"] == "mean_squared_error" and question.values["filters"] == 12:
            return Answer(epoch_steps=EPOCH_STEPS, reason="ValueError: no")
        return workload.answer(question)

    found = ask(RATE, LOSS, FILTERS, answer=fail)
    assert (found["loss"].verdict, found["loss"].reason) == ("untold", "ValueError: no")
    assert found["learning_rate"].verdict == "reaches"
    assert found["filters"].verdict == "nothing"


def test_after_the_last_answer_the_rest_is_not_told() -> None:
    workload = Workload(lambda values, epoch, place: (values, epoch, place))

    def die(question: Question) -> Answer:
        if question.values["loss"] == "mean_squared_error":
            return Answer(reason="killed", last=True)
        return workload.answer(question)

    found = ask(RATE, LOSS, FILTERS, answer=die)
    assert {name: (finding.verdict, finding.reason) for name, finding in found.items()} == {
        "learning_rate": ("reaches", ""),
        "loss": ("untold", "killed"),
        "filters": ("untold", "killed"),
    }


def test_a_base_that_diverges_is_left_for_another() -> None:
    workload = Workload(lambda values, epoch, place: (values, epoch, place))

    def diverge(question: Question) -> Answer:
        if question.values["learning_rate"] == 1e-4 and question.steps:
            return Answer(epoch_steps=EPOCH_STEPS, prints=("diverged",), reason="the training diverges")
        return workload.answer(question)

    found = ask(RATE, LOSS, answer=diverge)
    assert {finding.verdict for finding in found.values()} == {"reaches"}
    assert found["learning_rate"].values == (1e-3, 1e-4), "that one diverges and the other not is a difference"
    poor = ask(RATE, LOSS, answer=diverge, budget=4 * 8 / EPOCH_STEPS)
    assert {(finding.verdict, finding.reason) for finding in poor.values()} == {
        ("untold", "the training diverges")
    }


def test_a_workload_that_declines_or_has_no_data_yet_is_not_probed() -> None:
    assert ask(RATE, LOSS, answer=lambda question: Answer()) == {}
    assert ask(RATE, LOSS, answer=lambda question: Answer(reason="no data", last=True)) == {}


def test_another_number_of_steps_is_a_difference_and_one_too_dear_is_not_asked() -> None:
    batch = Hyperparameter("batch_size", (16, 512))

    def by_batch(question: Question) -> Answer:
        large = question.values["batch_size"] == 512
        return Workload(lambda values, epoch, place: (epoch, place), 1 if large else EPOCH_STEPS).answer(question)

    assert ask(LOSS, batch, answer=by_batch)["batch_size"].verdict == "reaches"
    assert "batch_size" not in ask(batch, LOSS, answer=by_batch, budget=4 * 8 / EPOCH_STEPS)
