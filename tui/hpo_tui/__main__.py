"""``python -m hpo_tui``: the same as the command ``hpo-tui``."""

from hpo_tui.cli import main

main()
