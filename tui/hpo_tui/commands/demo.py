"""``demo``: a small real grid on generated fruit images, at once."""

from __future__ import annotations

from pathlib import Path

import click

from hpo_core.engine.demo import demo_spec, start_demo
from hpo_tui.commands.options import sessions_option
from hpo_tui.commands.start import Trainer, check_can_train, stay_with, trainer_option, training_options


@click.command()
@training_options
@trainer_option
@sessions_option
@click.pass_obj
def demo(sessions: Path, workers: int | None, headless: bool, trainer: Trainer) -> int:
    """Train a small real grid on generated fruit images, at once.

    The paper's grid in small: 5 learning rates, 3 losses, 4 filter counts, each trained twice. It needs no data
    and no network, and takes about two minutes on two cores.
    """
    check_can_train(demo_spec(), trainer, headless)
    folder = start_demo(sessions, workers, trainer)
    return stay_with(sessions, folder, headless)
