"""Epochs held as numbers side by side say what they were told, whatever each of them tells."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hpo_core.session.epochs import Curve, Epoch, Epochs, Gathered, column, last_names, last_number, last_value

Told = list[tuple[int, Mapping[str, float | None], float]]

ALIKE: Told = [(1, {"loss": 0.5, "auc": None}, 1.0), (2, {"loss": None, "auc": 0.25}, 2.0)]
WITH_ONE_LOST: Told = [(2, {"loss": 0.5}, 1.0), (5, {"loss": 0.25}, 1.5)]
ONE_METRIC_MORE: Told = [(1, {"loss": 0.5}, 1.0), (2, {"loss": 0.25, "auc": 1.0}, 1.0)]
ANOTHER_ORDER: Told = [(1, {"loss": 0.5, "auc": 0.1}, 1.0), (2, {"auc": 0.2, "loss": 0.25}, 1.0)]
NO_METRIC: Told = [(1, {}, 1.0), (2, {}, 1.0)]


@pytest.mark.parametrize("told", [ALIKE, WITH_ONE_LOST, ONE_METRIC_MORE, ANOTHER_ORDER, NO_METRIC])
def test_epochs_say_what_they_were_told_also_when_more_come_later(told: Told) -> None:
    expected = tuple(Epoch(number, metrics, seconds) for number, metrics, seconds in told)
    first = Gathered([Epoch(*told[0])])
    kept = first.epochs()
    more = Gathered(kept)
    assert more.last == told[0][0]
    more.add(*([part] for part in told[1]))
    epochs = more.epochs()
    assert Gathered([Epoch(*each) for each in told]).epochs() == epochs, "also where they come together"
    assert tuple(epochs) == expected
    assert epochs == expected
    assert epochs[-1] == expected[-1]
    assert epochs[1:] == expected[1:]
    assert tuple(kept) == expected[:1], "what was given out stays as it was"
    assert last_number(epochs) == told[-1][0]
    assert last_names(epochs) == tuple(told[-1][1])
    for name in ("loss", "auc", "none"):
        assert column(epochs, name) == [metrics.get(name) for _, metrics, _ in told]
        assert last_value(epochs, name) == told[-1][1].get(name)
        assert Curve(epochs).column(name) == column(epochs, name)
    assert list(Curve(epochs)) == [metrics for _, metrics, _ in told]


def test_there_is_no_epoch_past_the_last_one() -> None:
    epochs = Gathered([Epoch(*told) for told in ALIKE]).epochs()
    assert isinstance(epochs, Epochs)
    for place in (2, -3):
        with pytest.raises(IndexError, match="there are 2"):
            epochs[place]
