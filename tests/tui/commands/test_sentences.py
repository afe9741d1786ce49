"""The sentences of the verbs: on one training that ended."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.epochs import Epoch
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Replicate
from hpo_core.session.store import create
from hpo_tui.commands.sentences import ended_in_words


def test_a_training_that_stopped_early_says_so_beside_its_score(tmp_path: Path) -> None:
    spec = SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nfilters = [4]\n[fixed]\nepochs = 9\n')
    folder = create(tmp_path, "early", spec)
    row = Epoch(4, MappingProxyType({"val_accuracy": 0.75}), 0.1)
    entry = Replicate(JobKey(1, 1), "complete", epochs=(row,), reason="stopped early after epoch 4 of 9")
    told = ended_in_words(entry, read_session(folder), folder)
    assert "val_accuracy .75" in told.replace("0.75", ".75")
    assert told.endswith("(stopped early after epoch 4 of 9)")
