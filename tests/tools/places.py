"""Where things stand in the repository, for tests that read them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "sessions" / "paper"
"""The session that is shipped, imported from the paper's table."""
TABLE = PAPER / "project_cumulative.csv"
"""The paper's own table: 120 trainings."""
