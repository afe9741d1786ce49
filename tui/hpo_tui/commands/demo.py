"""``demo``: a small real grid on generated fruit images, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hpo_core.engine.demo_session import demo_spec, start_demo
from hpo_core.journal.events import EngineOptions
from hpo_tui.commands.options import common_options
from hpo_tui.commands.start import check_can_train, stay_with, training_options, workload_option


@click.command()
@training_options
@workload_option
@common_options
@click.pass_obj
def demo(sessions: Path, headless: bool, engine: dict[str, Any]) -> int:
    """Train a small real grid on generated fruit images, at once.

    The paper's grid in small: 5 learning rates, 3 losses, 4 filter counts, each trained twice. It needs no data
    and no network. It takes some minutes; how many is measured on this machine with the first training, and said
    from then on: what is left, corrected by each training that ends.
    """
    options = EngineOptions(**engine)
    check_can_train(demo_spec(), options.workload, headless)
    folder = start_demo(sessions, options)
    return stay_with(sessions, folder, headless)
