"""What is heard of a program: metrics that it prints, and those in the files that it writes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from hpo_core.workloads.own.heard import Heard
from hpo_core.workloads.own.logged import Logged

Say = Callable[..., list[dict[str, float]]]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Return the epochs that are heard of a program that prints these lines."""

    def heard(*lines: str, pattern: str | None = None) -> list[dict[str, float]]:
        ear = Heard(tmp_path, re.compile(pattern) if pattern else None)
        return [found for line in lines for found in ear.line(line + "\n")] + ear.end()

    return heard


KERAS = ("Epoch 1/2", "\r8/8 - 1s - loss: 0.5 - acc: 0.1\b\b", "Epoch 2/2", "8/8 - 1s - loss: 0.4 - acc: 0.2")


@pytest.mark.parametrize(
    ("lines", "epochs"),
    [
        (KERAS, [{"loss": 0.5, "acc": 0.1}, {"loss": 0.4, "acc": 0.2}]),
        (['{"epoch": 1, "loss": 2}', '{"loss": 1.5, "note": "x"}'], [{"loss": 2}, {"loss": 1.5}]),
        (["lr=0.1 of 3", "final_output_line: loss=0.3 accuracy=.7, lr=0.1"], [{"loss": 0.3, "accuracy": 0.7}]),
        (["loss=0.9", "loss=0.3", "saved=model.keras"], [{"loss": 0.3}]),
        ([*KERAS[:2], "loss=9"], [{"loss": 0.5, "acc": 0.1}]),
        (['{"loss": 1}', "loss=9"], [{"loss": 1}]),
        (["nothing to see"], []),
    ],
)
def test_what_is_printed_is_read_the_first_way_that_fits(say: Say, lines: list[str], epochs: object) -> None:
    assert say(*lines) == epochs


def test_a_pattern_is_all_that_counts_where_there_is_one(say: Say, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("epoch,loss\n0,1\n")
    assert say("loss=3", "at 0.25 now", pattern=r"at (?P<loss>\S+) now") == [{"loss": 0.25}]


def test_a_table_is_read_while_it_grows_whatever_it_is_called_and_printed_lines_do_not_count_twice(
    tmp_path: Path,
) -> None:
    ear, table = Heard(tmp_path, None), tmp_path / "training.log"
    (tmp_path / "weights.h5").write_bytes(bytes(range(256)) * 400)
    table.write_text("")
    assert ear.line("Epoch 1/2\n") == []
    table.write_text("epoch,loss,val_loss\n0,0.52,0.61\n")
    ear.line("8/8 - 1s - loss: 0.5\n")
    first = ear.line("Epoch 2/2\n")
    assert first == [{"loss": 0.52, "val_loss": 0.61}]
    ear.line("8/8 - 1s - loss: 0.4\n")
    table.write_text(table.read_text() + "1,0.41,NA\n2,nan,0.")
    assert ear.line('{"loss": 1}\n') == [{"loss": 0.41}]
    table.write_text(table.read_text() + "5")
    (last,) = ear.end()
    assert (last["loss"] != last["loss"], last["val_loss"]) == (True, 0.5)


def test_lines_with_gaps_are_one_epoch_together(tmp_path: Path) -> None:
    (tmp_path / "version_0").mkdir()
    rows = "epoch;step;train_loss;val_loss\n0;9;0.5;\n0;9;;0.6\n1;19;0.4;\n1;19;;0.5\n"
    (tmp_path / "version_0" / "metrics.csv").write_text(rows)
    logged = Logged(tmp_path)
    assert logged.read() == [{"train_loss": 0.5, "val_loss": 0.6}]
    assert logged.read(ended=True) == [{"train_loss": 0.4, "val_loss": 0.5}]


def test_tensorboard_s_events_are_epochs_as_keras_and_others_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", ModuleType("notf"))  # writes without TensorFlow
    board = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    from tensorboard.compat.proto import event_pb2, summary_pb2

    def write(folder: str, *scalars: tuple[int, str, float]) -> None:
        writer = board.EventFileWriter(str(tmp_path / folder))
        for step, tag, value in scalars:
            entry = summary_pb2.Summary.Value(tag=tag, simple_value=value)
            writer.add_event(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=[entry])))
        writer.close()

    write("train", (0, "epoch_loss", 0.5), (0, "batch_loss", 9), (1, "epoch_loss", 0.25))
    write("validation", (0, "epoch_loss", 0.75), (1, "epoch_loss", 0.5))
    logged = Logged(tmp_path)
    assert logged.read() == []
    assert logged.read() == [{"loss": 0.5, "val_loss": 0.75}]
    assert logged.read(ended=True) == [{"loss": 0.25, "val_loss": 0.5}]


def test_where_tensorboard_is_not_installed_a_sentence_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.backend.event_processing.event_file_loader", None)
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    logged = Logged(tmp_path)
    assert logged.read(ended=True) == []
    assert "pip install 'hpo-tui[tensorboard]'" in logged.missing
