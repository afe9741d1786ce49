"""A random search on the desk: its drawn values stand in ranges, and a range goes out of view as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hpo_core.results.levels import levels_of
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli


@pytest.fixture
def searched(sessions: Path, tmp_path: Path) -> SessionFolder:
    """An imported random search of 60 trials; the learning rate decides, momentum does nothing."""
    draws = np.random.default_rng(2)
    rates, momenta = 10 ** draws.uniform(-4, -1, 60), draws.uniform(0, 0.9, 60)
    scores = 0.9 - 0.2 * np.abs(np.log10(rates) + 2) + 0.02 * draws.normal(size=60)
    table = zip(rates, momenta, scores, strict=True)
    rows = [f"{rate:.3g},{momentum:.3f},{score:.4f}" for rate, momentum, score in table]
    file = tmp_path / "search.csv"
    file.write_text("\n".join(["lr,momentum,val_accuracy", *rows]))
    done = CliRunner().invoke(cli, ["--sessions", str(sessions), "import", str(file), "--params", "lr,momentum"])
    assert done.exit_code == 0, done.output
    return SessionFolder(sessions / "search")


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)])
async def test_drawn_values_stand_in_ranges_that_a_digit_takes_out_of_view(searched, open_app, size) -> None:
    first, *others = levels_of(read_session(searched).spec.grid)[0].labels
    left = 60 - len(levels_of(read_session(searched).spec.grid)[0].groups[0])
    async with open_app(searched, size) as see:
        await see.shows("values", "60 of 60")
        assert first == "1e-4..3e-4"
        assert all(label in see.text("values") for label in (first, *others))
        await see.press("1")
        await see.shows("values", f"{left} of 60")
        await see.press("1")
        await see.shows("values", "60 of 60")
        await see.press("o")
        await see.shows("values", f"{60 - left} of 60")
    shown = CliRunner().invoke(cli, ["show", str(searched.path)]).output
    assert all(f"  {label} " in shown for label in (first, *others))
