"""Inks: the roles that a cell of a picture can have, as small whole numbers.

A picture names what a cell means (an axis, a step of the metric's ramp, the third value of a hyperparameter);
``hpo_tui.look.theme`` alone knows which colour that is. So one picture serves every theme, and changing the theme
draws nothing again.
"""

from __future__ import annotations

DEFAULT = 0
"""Ordinary text."""
DIM = 1
"""Tick labels and other text that is there to be looked up."""
FRAME = 2
"""Lines of axes and boxes: quieter than ``DIM``."""
STRONG = 3
"""Names and headings."""
ACCENT = 4
"""What the cursor is on, in words."""
WARNING = 5
"""Failed and diverged trials."""
CURSOR = 6
"""The highlighted trial itself: has a background."""

RAMP_STEPS = 12
RAMP = tuple(range(8, 8 + RAMP_STEPS))
"""The metric's ramp; the last step is always the better end."""
HEAT = tuple(range(24, 24 + RAMP_STEPS))
"""The ramp as a background, with readable text on it."""

CATEGORIES = 8
CATEGORY = tuple(range(40, 40 + CATEGORIES))
"""Colours that mean no order: one for each value or trial."""
CATEGORY_DIM = tuple(range(48, 48 + CATEGORIES))
"""The same colours, quieter: replicates beside their mean."""

INK_COUNT = 56
"""Every ink is below this number."""

WITH_BACKGROUND = frozenset({CURSOR, *HEAT})
"""Inks whose blanks are visible."""


def category(index: int) -> int:
    """Return the ink of the ``index``-th value (0-based); the colours repeat after eight."""
    return CATEGORY[index % CATEGORIES]


def category_dim(index: int) -> int:
    """Return the quiet ink of the ``index``-th value (0-based)."""
    return CATEGORY_DIM[index % CATEGORIES]
