"""The slices: the metric against each hyperparameter, every training a point."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.text import clean, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.rows import Row
from hpo_tui.plots.slice_plot import slice_numbers, slices
from hpo_tui.views.trials import empty_words, metric_of, trainings_in_view
from hpo_tui.views.view import View


class Slices(View):
    """A panel for each hyperparameter."""

    name = "slices"
    title = "slices"
    letter = "l"
    shows = "the scores against each hyperparameter"
    kind = "slices"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the metric of every training in view over the values of each hyperparameter."""
        trainings, metric = trainings_in_view(desk), metric_of(desk.table)
        return slices(trainings, metric, width, height, ascii=desk.ascii_only, empty=empty_words(desk.table)).rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say the mean of each value's trainings."""
        trainings = trainings_in_view(desk)
        numbers = slice_numbers(trainings)
        if numbers is None:
            return []
        lines = [
            f"Slices of {clean(desk.table.metric)}, every training over its values: "
            f"from {metric_text(numbers.low)} to {metric_text(numbers.high)}."
        ]
        for axis, means, counts in zip(trainings.axes, numbers.means, numbers.counts, strict=True):
            parts = [
                f"{label} {metric_text(float(mean))} over {plural(count, 'training')}"
                for label, mean, count in zip(axis.labels, means, counts, strict=True)
                if count
            ]
            lines.append(f"{axis.name}, means: {'; '.join(parts)}.")
        return lines
