"""The machine view: every word of it is seen, however narrow the pane."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hpo_core.journal.events import DataPrepared, EngineStarted
from hpo_core.session.opening import read_session
from hpo_core.session.status import LiveStatus, Machine
from hpo_tui.desk.follower import Update
from hpo_tui.views.machine import NOBODY, machine_rows

GPU = "NVIDIA H100 80GB HBM3"


@pytest.mark.parametrize("width", [38, 68])  # of terminals of 80 and 120 columns
def test_no_word_of_the_machine_is_cut(make_session, width: int) -> None:
    classes = tuple(f"class {number}" for number in range(113))
    data = DataPrepared(
        fingerprint="f", train=56781, validation=19053, classes=classes, image_size=(100, 100), seconds=0.1
    )
    engine = EngineStarted(host="box.cluster", boot_id="b", pid=1, version="0.1.0", workers=4, device=GPU)
    snapshot = replace(read_session(make_session()), engine=engine, data=data)
    machine = Machine(93.0, 12 * 10**9, 128 * 10**9, 8 * 10**9, 71.0, 20 * 10**9, 80 * 10**9, GPU)
    status = LiveStatus(43210, 1, 0.0, 4, 4, (), 3723.0, 31.4, machine)

    def words(update: Update) -> str:
        rows = machine_rows(update, width, 40)
        return " ".join(" ".join("".join(text for text, _ in row) for row in rows).split())

    said = words(Update(snapshot, status, True))
    for whole in ("12 GB of 128 GB", GPU, "31.4 trainings a minute", "1:02:03", "box.cluster", "113 classes"):
        assert whole in said
    assert NOBODY in words(Update(snapshot, None, False))
