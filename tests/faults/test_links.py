"""A session that came from elsewhere may be made of links, pipes and devices: it is refused, and leads nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpo_core.errors import SessionError
from hpo_core.interop.export import export
from hpo_core.journal.events import PauseQueue
from hpo_core.journal.files import open_own
from hpo_core.session.control import send_order, waiting_orders
from hpo_core.session.opening import read_session
from hpo_core.session.paths import FILES, FOLDERS, SessionFolder
from hpo_tui.cli import cli
from hpo_tui.screens.log import log_text

pytestmark = pytest.mark.fault(42)

Put = Callable[[Path, Path], object]
PUT: dict[str, Put] = {
    "link": lambda place, outside: place.symlink_to(outside),
    "dangling link": lambda place, outside: place.symlink_to(outside / "none"),
    "pipe": lambda place, _: os.mkfifo(place),
}


def stored(outside: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in outside.iterdir()}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody's, with a file."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    return folder


@pytest.mark.parametrize("how", PUT)
@pytest.mark.parametrize("name", [*FOLDERS, *FILES, "journal.jsonl", "journal-2.jsonl"])
def test_what_leads_out_of_a_session_is_refused_by_name(
    name: str, how: str, finished: Callable[..., SessionFolder], outside: Path
) -> None:
    folder = finished()
    place = folder.path / name
    if place.is_dir():
        place.rename(folder.path / "before")
    else:
        place.unlink(missing_ok=True)
    PUT[how](place, outside if name in FOLDERS else outside / "mine")
    with pytest.raises(SessionError, match=f"leads out of its folder: {name} is no plain"):
        read_session(folder)
    shown = CliRunner().invoke(cli, ["show", str(folder.path)])
    assert (shown.exit_code, name in shown.output) == (2, True)
    listed = CliRunner().invoke(cli, ["list", "--sessions", str(folder.path.parent)])
    assert name in listed.output or name == "spec.toml"  # without one it is no session
    assert stored(outside) == {"mine": b"mine"}


def test_a_file_that_has_a_name_elsewhere_is_read_and_never_written(tmp_path: Path) -> None:
    """Backups are made of hard links."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "journal.jsonl").hardlink_to(tmp_path / "mine")
    os.close(open_own(tmp_path / "journal.jsonl"))
    with pytest.raises(OSError, match="not a plain file"):
        open_own(tmp_path / "journal.jsonl", os.O_RDWR | os.O_APPEND)


@pytest.mark.parametrize("how", PUT)
def test_orders_that_lead_elsewhere_are_no_orders_and_none_goes_through_a_link(
    how: str, tmp_path: Path, outside: Path
) -> None:
    control = tmp_path / "control"
    control.mkdir()
    PUT[how](control / "0-1.json", outside / "mine")
    assert [order for _, order in waiting_orders(control)] == [None]
    elsewhere = tmp_path / "linked"
    elsewhere.symlink_to(outside)
    with pytest.raises(OSError, match="not a plain folder"):
        send_order(elsewhere, PauseQueue())
    assert list(waiting_orders(elsewhere)) == []
    assert stored(outside) == {"mine": b"mine"}


@pytest.mark.parametrize("how", PUT)
def test_a_log_that_leads_elsewhere_is_not_shown(how: str, tmp_path: Path, outside: Path) -> None:
    PUT[how](tmp_path / "a.log", outside / "mine")
    assert log_text(tmp_path / "a.log") == "The log cannot be read: is not a plain file of this session alone."


def test_an_export_does_not_go_through_a_linked_folder(
    finished: Callable[..., SessionFolder], outside: Path
) -> None:
    folder = finished()
    snapshot = read_session(folder)
    folder.exports.symlink_to(outside)
    with pytest.raises(SessionError, match="cannot be written"):
        export(snapshot, folder.exports)
    assert stored(outside) == {"mine": b"mine"}
