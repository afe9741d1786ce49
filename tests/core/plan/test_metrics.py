"""The table of metrics: one name for each spelling, one direction, and what cannot be compared over losses."""

from __future__ import annotations

import pytest

from hpo_core.plan.metrics import COSTS, METRICS, compares_losses, direction_of, known_metric, range_of


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("val_acc", "accuracy"),
        ("Validation_Accuracy", "accuracy"),
        ("val_top5_acc", "accuracy"),
        ("RMSE", "root_mean_squared_error"),
        ("test_val_mae", "mean_absolute_error"),
        ("Loss", "loss"),
        ("valLoss", "loss"),
        ("log_loss", "crossentropy"),
        ("val_crossentropy", "crossentropy"),
        ("neg_mean_squared_error", "mean_squared_error"),
        ("time_per_epoch", "seconds"),
        ("images_per_second", "images/s"),
        ("trainable params", "parameters"),
    ],
)
def test_a_metric_is_known_however_it_is_spelled(spelled: str, name: str) -> None:
    known = known_metric(spelled)
    assert known is not None
    assert known.name == name


@pytest.mark.parametrize("name", ["value", "lossy", "", "f", "mean_test_thing"])
def test_a_name_that_says_nothing_is_taken_to_improve_upwards(name: str) -> None:
    assert known_metric(name) is None
    assert (direction_of(name), compares_losses(name)) == ("max", True)


def test_errors_go_down_unless_they_are_negated() -> None:
    assert [direction_of(name) for name in ("val_loss", "MSE", "error_rate", "seconds")] == ["min"] * 4
    assert [direction_of(name) for name in ("neg_log_loss", "mean_test_neg_mae", "auc", "images/s")] == ["max"] * 4


def test_only_what_is_minimised_itself_depends_on_which_loss_it_is() -> None:
    assert [name for name in METRICS if not compares_losses(name)] == ["loss"]
    assert not compares_losses("val_loss")
    assert compares_losses("val_crossentropy")


def test_costs_are_no_scores_and_shares_have_ends() -> None:
    assert COSTS == ("seconds", "images/s", "parameters")
    assert range_of("val_accuracy") == (0.0, 1.0)
    assert range_of("rmse")[0] == 0.0


def test_no_spelling_stands_in_two_rows() -> None:
    spellings = [spelling for metric in METRICS.values() for spelling in (metric.name, *metric.spellings)]
    assert len(spellings) == len(set(spellings))
