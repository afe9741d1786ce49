"""Skin: what the screen is drawn with, a palette and whether only 7-bit characters may be used."""

from __future__ import annotations

from dataclasses import dataclass

from hpo_tui.plots.palette import Palette


@dataclass(frozen=True, slots=True)
class Skin:
    """Handed to every pane that draws."""

    palette: Palette
    ascii_only: bool = False
