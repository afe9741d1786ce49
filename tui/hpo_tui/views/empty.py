"""What a picture says that has nothing to show yet."""

from __future__ import annotations

from hpo_tui.desk.table import Table

WAITING = "The first finished trials appear here."
NONE_IN_VIEW = "No trial is in view; u undoes the last change, A brings everything back."


def empty_words(table: Table) -> str:
    """Return what an empty picture says."""
    return WAITING if table.in_view.any() else NONE_IN_VIEW
