"""The line at the bottom: the keys that are wanted most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hpo_tui.desk.desk import Desk
from hpo_tui.look.inks import ACCENT, DIM
from hpo_tui.look.keys import TRAINING, Key, footer_items
from hpo_tui.panes.pane import Pane
from hpo_tui.plots.rows import Row, padded, run


class Footer(Pane):
    """The keys of the session's screen."""

    name = "footer"
    framed = focusable = False

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the keys; a table that was imported cannot be trained."""
        trainable = desk.snapshot.spec.trainable
        return [footer_row((key for key in desk.keys if trainable or key.group != TRAINING), width)]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return whether there is something to train."""
        return (desk.snapshot.spec.trainable,)


def footer_row(keys: Iterable[Key], width: int) -> Row:
    """Return the footer from the table of keys."""
    pieces = [run(" ")]
    for shown, label in footer_items(keys, width):
        pieces += [run(shown, ACCENT), run(f" {label}  ", DIM)]
    return padded(tuple(pieces), width)
