"""Numbers in a column: about four figures each, whatever stands beside them."""

from __future__ import annotations

import pytest

from hpo_tui.look.numbers import decimals_for, metric_text


def column(*values: float) -> list[str]:
    decimals = decimals_for(values)
    return [metric_text(value, decimals) for value in values]


@pytest.mark.fault(62)
def test_a_few_diverged_values_take_no_digits_from_the_others() -> None:
    good = [0.0213, 0.0345, 0.1234, 0.8765, 1.2346, 2.5]
    shown = ["0.0213", "0.0345", "0.1234", "0.8765", "1.2346", "2.5000"]
    for diverged, text in (
        (512.25, "512.2500"),
        (123_456.0, "1.235e5"),
        (3.2e12, "3.200e12"),
        (1e300, "1.000e300"),
    ):
        assert column(*good, diverged) == [*shown, text]
    assert column(*good, float("nan"), float("inf")) == [*shown, "–", "–"]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.9661, 0.7522), ["0.9661", "0.7522"]),
        ((55.5, 980.25), ["55.50", "980.25"]),
        ((12_345.6, 98_765.4), ["12346", "98765"]),
        ((), []),
    ],
)
def test_a_column_of_one_size_has_about_four_figures(values: tuple[float, ...], shown: list[str]) -> None:
    assert column(*values) == shown
