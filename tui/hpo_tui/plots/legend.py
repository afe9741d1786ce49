"""The legend of the metric's ramp: its two ends and some values between, best on top."""

from __future__ import annotations

from msgspec import Struct

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import DIM, HEAT, RAMP, RAMP_STEPS, STRONG
from hpo_tui.plots.canvas import Canvas, shorten, width_of
from hpo_tui.plots.scale import between, format_numbers

SIZES = ("◦", "•", "●")
SIZES_ASCII = (".", "o", "O")
SHAPES = ("·", "◦", "○", "◎", "◉", "●")


class RampLegend(Struct, frozen=True):
    """``low`` and ``high``: the least and greatest score in view; ``metric`` says which end is better."""

    metric: Objective
    low: float
    high: float

    @property
    def best(self) -> float:
        """The score at the better end of the ramp."""
        return self.high if self.metric.maximised else self.low

    @property
    def worst(self) -> float:
        """The score at the worse end of the ramp."""
        return self.low if self.metric.maximised else self.high

    @property
    def heading(self) -> str:
        """The metric's name and the direction that is better."""
        return f"{self.metric.metric} {self.metric.arrow}"

    def ticks(self, count: int) -> tuple[float, ...]:
        """Return ``count`` evenly spaced scores from best to worst, both ends among them."""
        if count < 2 or self.low == self.high:
            return (self.best,)
        return tuple(between(self.best, self.worst, index / (count - 1)) for index in range(count))


def size_of(step: int) -> int:
    """Return which of the three marker sizes a step of the ramp has."""
    return step * 3 // RAMP_STEPS


def swatch(step: int, sized: bool, plain: bool, shapes: bool = False) -> str:
    """Return the sign that shows a step of the ramp: its marker where markers have sizes, else a ground.

    With ``shapes`` there are more of them than sizes: they tell what no colour does.
    """
    if not sized:
        return "#" if plain else " "
    if shapes and not plain:
        return SHAPES[step * len(SHAPES) // RAMP_STEPS]
    return (SIZES_ASCII if plain else SIZES)[size_of(step)]


def column_width(legend: RampLegend, most: int) -> int:
    """Return the cells that the legend's column needs, at most ``most``."""
    numbers = max(width_of(text) for text in format_numbers(legend.ticks(4)))
    return min(max(width_of(shorten(legend.heading, most)), numbers + 2), most)


def draw_column(canvas: Canvas, col: int, row: int, room: tuple[int, int], legend: RampLegend, sized: bool,
                plain: bool = False) -> int:  # fmt: skip
    """Draw the legend as a column within ``room`` (cells, rows); return the first row below it."""
    width, height = room
    if height < 2:
        return row
    name = shorten(legend.metric.metric, width - 2)
    canvas.write(col, row, f"{name} {legend.heading[-1]}", STRONG)
    rows = next((count for count in (12, 7, 4, 2) if count <= height - 1), 1)
    ticks = legend.ticks(rows)
    # Where rows are plenty, every third or so is labelled; the ends always.
    labelled = {12: (0, 4, 7, 11), 7: (0, 3, 6)}.get(len(ticks), tuple(range(len(ticks))))
    texts = format_numbers([ticks[index] for index in labelled])
    for index in range(len(ticks)):
        part = index / max(len(ticks) - 1, 1)
        step = RAMP_STEPS - 1 - round(part * (RAMP_STEPS - 1))
        ink = RAMP[step] if sized or plain else HEAT[step]
        canvas.write(col, row + 1 + index, swatch(step, sized, plain), ink)
    size = max(width_of(text) for text in texts)
    for index, text in zip(labelled, texts, strict=True):
        canvas.write(col + 2, row + 1 + index, text.rjust(size), DIM)
    return row + 1 + len(ticks)


def draw_line(
    canvas: Canvas, row: int, legend: RampLegend, sized: bool, plain: bool = False, shapes: bool = False
) -> None:
    """Draw the legend as one line, worst to best, as much of it as there is room for."""
    worst, best = format_numbers((legend.worst, legend.best))
    signs = [swatch(step, sized, plain, shapes) for step in range(RAMP_STEPS)]
    if legend.low == legend.high:
        worst, signs = "", []
    taken = width_of(worst) + len(signs) + width_of(best) + 3
    name = shorten(legend.metric.metric, canvas.width - taken - 2)
    if canvas.width < taken:
        return
    if canvas.width >= taken + 5:
        canvas.write(0, row, f"{name} {legend.heading[-1]}", STRONG)
    at = canvas.width - taken + 1
    canvas.write(at, row, worst, DIM)
    at += width_of(worst) + 1
    for step, sign in enumerate(signs):
        canvas.write(at + step, row, sign, RAMP[step])
    canvas.write(at + len(signs) + 1, row, best, DIM)
