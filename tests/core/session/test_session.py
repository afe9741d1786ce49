"""Sessions as folders: their names, how they are made, found, listed, refused and deleted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpo_core.engine.mending import repair
from hpo_core.errors import SessionError
from hpo_core.journal.events import EngineStarted, Noted
from hpo_core.journal.files import REAL_FILES, Files, write_atomically
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.damage import damage_in_words
from hpo_core.session.moving import throw_away
from hpo_core.session.opening import SessionReader, read_session
from hpo_core.session.paths import SessionFolder

MakeSpec = Callable[..., SessionSpec]
MakeSession = Callable[..., SessionFolder]


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    "name", ["../x", "/etc", "a/b", "", ".hidden", "-rf", "ä", "a" * 65, "a\nb", "a b", "a\0", ".."]
)
def test_a_name_that_could_lead_elsewhere_is_refused_with_the_rule(
    tmp_path: Path, make_spec: MakeSpec, name: str
) -> None:
    with pytest.raises(SessionError, match="letters, digits"):
        session.create(tmp_path / "sessions", name, make_spec())
    assert not (tmp_path / "sessions").exists()


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=80))
def test_whatever_passes_for_a_name_stays_inside_the_folder(name: str) -> None:
    try:
        passed = session.check_name(name)
    except SessionError:
        return
    inside = Path("sessions") / passed
    assert inside.parent == Path("sessions")
    assert inside.name == passed
    assert len(passed) <= 64


def test_a_new_session_has_its_spec_and_belongs_to_its_maker_alone(
    make_session: MakeSession, make_spec: MakeSpec
) -> None:
    folder = make_session("mine")
    assert folder.load_spec() == make_spec()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.spec.stat().st_mode) == 0o600


def test_the_folder_of_sessions_is_made_for_its_maker_alone_and_is_on_the_disk(
    tmp_path: Path, make_spec: MakeSpec, unsynced_files: Files
) -> None:
    synced: list[Path] = []

    class Watched(type(unsynced_files)):  # type: ignore[misc]
        def sync_folder(self, folder: Path) -> None:
            synced.append(folder)

    folder = session.create(tmp_path / "new", "mine", make_spec(), Watched())
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert synced == [folder.path, tmp_path / "new"]


def test_what_cannot_be_looked_at_in_one_session_hides_no_other(make_session: MakeSession) -> None:
    bad, good = make_session("bad"), make_session("good")
    (bad.path / "journal.jsonl").symlink_to("/nonexistent/x")
    (bad.path / "journal-2.jsonl").symlink_to(bad.path / "journal-2.jsonl")
    assert {folder.name for folder in session.list_sessions(good.path.parent)} == {"bad", "good"}
    with pytest.raises(SessionError, match=r"journal.* is no plain file"):
        read_session(bad)
    assert read_session(good).counts["waiting"] == 8


@pytest.mark.fault(42)
def test_a_journal_that_claims_terabytes_is_refused_and_a_small_hole_is_none(make_session: MakeSession) -> None:
    folder = make_session("hollow")
    journal = folder.path / "journal.jsonl"
    journal.write_bytes(b"{}\n")
    os.truncate(journal, 1 << 20)
    folder.check()
    os.truncate(journal, 1 << 40)
    with pytest.raises(SessionError, match=r"'hollow' has a hole of 1,099\.5 GB in journal\.jsonl"):
        folder.check()
    with journal.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(SessionError, match="has a hole of"):
        folder.check()


def test_a_file_that_an_engine_replaces_while_the_folder_is_looked_through_hides_no_session(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session("busy")
    (gone := folder.path / ".status.json.1.part").touch()
    listed = [*folder.path.iterdir(), folder.status, folder.path / "journal-000002.jsonl"]
    gone.unlink()
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(listed))
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: iter(listed))
    folder.check()
    assert folder.disk_size() == sum(file.stat().st_size for file in listed if file.is_file())


def test_who_follows_a_session_that_is_repaired_sees_what_is_there(
    make_session: MakeSession, unsynced_files: Files
) -> None:
    folder = make_session()
    writer = JournalWriter(folder.path, 1, 0, unsynced_files)
    for number in range(6):
        writer.append(Noted(level="info", text=f"note {number} " + number * "long "))
    journal = folder.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"note 2", b"nope 2"))
    follower = SessionReader(folder)
    assert follower.poll()
    assert len(follower.snapshot().damage) == 1
    repair(folder)
    writer = JournalWriter(folder.path, 3, 7, unsynced_files)
    writer.append(Noted(level="info", text="on"))
    assert follower.poll()
    assert follower.snapshot() == read_session(folder)
    assert follower.snapshot().damage == ()
    assert not follower.poll()


def test_a_half_written_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / f".view.json.{os.getpid()}.part").symlink_to(target)
    write_atomically(tmp_path / "view.json", b"{}")
    assert (target.read_bytes(), (tmp_path / "view.json").read_bytes()) == (b"precious", b"{}")
    with pytest.raises(FileExistsError):
        REAL_FILES.create(target)


def test_a_session_is_never_overwritten(make_session: MakeSession) -> None:
    folder = make_session("mine")
    before = folder.spec.read_bytes()
    with pytest.raises(SessionError, match="There is a session 'mine' already"):
        make_session("mine", epochs=9)
    assert folder.spec.read_bytes() == before


def test_a_free_name_is_found_beside_those_taken(make_session: MakeSession, tmp_path: Path) -> None:
    make_session("demo")
    make_session("demo-2")
    assert session.free_name(tmp_path / "sessions", "demo") == "demo-3"
    assert session.check_name(session.free_name(tmp_path / "sessions", "../ä b"))


def test_sessions_are_listed_the_last_worked_on_first(make_session: MakeSession, tmp_path: Path) -> None:
    old, new = make_session("old"), make_session("new")
    os.utime(old.spec, (1, 1))
    os.utime(new.spec, (2, 2))
    (tmp_path / "sessions" / "not-a-session").mkdir()
    assert [found.name for found in session.list_sessions(tmp_path / "sessions")] == ["new", "old"]
    assert session.list_sessions(tmp_path / "nowhere") == []


def test_a_session_is_found_by_name_or_by_path(make_session: MakeSession, tmp_path: Path) -> None:
    folder = make_session("mine")
    assert session.find(tmp_path / "sessions", "mine").path == folder.path
    assert session.find(tmp_path, str(folder.path)).path == folder.path


@pytest.mark.fault(38)
def test_a_symbolic_link_among_the_sessions_is_not_followed(make_session: MakeSession, tmp_path: Path) -> None:
    folder = make_session("mine")
    (tmp_path / "sessions" / "link").symlink_to(folder.path)
    with pytest.raises(SessionError, match="symbolic link"):
        session.find(tmp_path / "sessions", "link")
    assert [found.name for found in session.list_sessions(tmp_path / "sessions")] == ["mine"]


def test_a_missing_session_is_named_with_those_that_are_there(make_session: MakeSession, tmp_path: Path) -> None:
    make_session("mine")
    with pytest.raises(SessionError, match=r"no session 'yours'.*there: mine"):
        session.find(tmp_path / "sessions", "yours")
    (tmp_path / "sessions" / "empty").mkdir()
    with pytest.raises(SessionError, match=r"no spec\.toml"):
        session.find(tmp_path / "sessions", "empty")


@pytest.mark.fault(40)
def test_a_session_of_a_newer_layout_is_refused_with_the_reason(
    make_session: MakeSession, unsynced_files: Files
) -> None:
    folder = make_session("mine")
    writer = JournalWriter(folder.path, 1, 0, unsynced_files)
    writer.append(EngineStarted(host="h", boot_id="b", pid=1, version="9.9", schema=99))
    writer.close()
    with pytest.raises(SessionError, match=r"written by hpo-tui 9\.9 \(layout 99"):
        read_session(folder)


def test_a_reader_follows_what_is_written(make_session: MakeSession, unsynced_files: Files) -> None:
    folder = make_session("mine")
    reader = SessionReader(folder)
    assert not reader.poll()
    writer = JournalWriter(folder.path, 1, 0, unsynced_files)
    writer.append(Noted(level="info", text="hello"))
    assert reader.poll()
    assert [note.text for note in reader.snapshot().notes] == ["hello"]
    assert not reader.poll()
    with (folder.path / "journal.jsonl").open("ab") as file:
        file.write(b"nonsense\n")
    assert reader.poll()
    assert "1 damaged journal record" in damage_in_words(reader.snapshot())
    writer.close()


def test_a_session_being_worked_on_is_not_deleted(make_session: MakeSession) -> None:
    folder = make_session("mine")
    with SessionLock(folder.lock), pytest.raises(SessionError, match="An engine works on 'mine'; stop it first"):
        throw_away(folder)
    throw_away(folder)
    assert not folder.path.exists()
