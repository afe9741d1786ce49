"""``hpo-tui repair``: what is damaged is named and set aside, what is whole is kept, nothing is deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpo_core.engine.recovery import write_recovery_copy
from hpo_core.journal.lock import SessionLock
from hpo_core.session import store as session
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli

Finished = Callable[..., SessionFolder]


def repair(folder: SessionFolder, *options: str) -> Result:
    return CliRunner().invoke(cli, ["repair", str(folder.path), *options], prog_name="hpo-tui")


def damage(folder: SessionFolder) -> bytes:
    """Change a letter of the first epoch's line, and cut the last record; return the journal as it is then."""
    journal = folder.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    at = next(place for place, line in enumerate(lines) if b'"EpochEnded"' in line)
    lines[at] = lines[at].replace(b'"seconds":', b'"secomds":', 1)
    journal.write_bytes(b"".join(lines)[:-9])
    return journal.read_bytes()


def test_a_sound_session_is_left_as_it_is(finished: Finished) -> None:
    folder = finished()
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    result = repair(folder)
    assert result.exit_code == 0
    assert "Nothing is damaged." in result.output
    assert "Kept: 4 trainings: 4 complete; 8 epochs." in result.output
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


def test_a_dry_run_says_what_is_damaged_and_changes_nothing(finished: Finished) -> None:
    folder = finished()
    damaged = damage(folder)
    (folder.path / ".status.json.77.part").write_bytes(b"half")
    result = repair(folder, "--dry-run")
    assert result.exit_code == 0
    assert "1 damaged" in result.output
    assert "line 5: the checksum does not match" in result.output
    assert "the last record is cut off" in result.output
    assert "1 record missing" in result.output
    assert ".status.json.77.part: half a file" in result.output
    assert "Nothing was changed" in result.output
    assert (folder.path / "journal.jsonl").read_bytes() == damaged
    assert not (folder.path / "damaged").exists()


@pytest.mark.fault(15)
def test_the_damage_is_set_aside_and_what_is_whole_is_kept(finished: Finished) -> None:
    folder = finished()
    damaged = damage(folder)
    before = read_session(folder)
    result = repair(folder)
    assert result.exit_code == 0, result.output
    after = read_session(folder)
    assert after.damage == ()
    assert after.replicates == before.replicates
    assert [note.text for note in after.notes][-1].startswith("Repaired: 1 damaged record taken out")
    assert [path.read_bytes() for path in (folder.path / "damaged").iterdir()] == [damaged]
    assert "1 record missing" in repair(folder).output
    assert "Nothing is damaged." in repair(folder).output


def test_repaired_twice_both_originals_are_there(finished: Finished) -> None:
    folder = finished()
    originals = []
    for _ in range(2):
        originals.append(damage(folder))
        assert repair(folder).exit_code == 0
    aside = sorted((folder.path / "damaged").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert [path.read_bytes() for path in aside] == originals


@pytest.mark.fault(17)
def test_the_engines_copy_from_memory_is_offered_and_put_in_place_on_request(finished: Finished) -> None:
    folder = finished()
    whole = read_session(folder)
    write_recovery_copy(folder.path, whole, 1)
    (folder.path / "journal.jsonl").unlink()
    offered = repair(folder)
    assert "journal.jsonl: there is none" in offered.output
    assert "Kept: 4 trainings: 4 waiting; 0 epochs." in offered.output
    assert "4 trainings: 4 complete; 8 epochs." in offered.output
    assert "--recovered' puts it in the journal's place" in offered.output
    assert not (folder.path / "journal.jsonl").exists()
    assert repair(folder, "--recovered").exit_code == 0
    again = read_session(folder)
    assert again.damage == ()
    assert {key: entry.epochs for key, entry in again.replicates.items()} == {
        key: entry.epochs for key, entry in whole.replicates.items()
    }


def test_where_no_engine_had_to_write_a_copy_there_is_none_to_use(finished: Finished) -> None:
    result = repair(finished(), "--recovered")
    assert result.exit_code == 2
    assert "has no journal-recovered.jsonl" in result.stderr


def test_a_session_that_is_worked_on_is_not_repaired(finished: Finished) -> None:
    folder = finished()
    damaged = damage(folder)
    with SessionLock(folder.lock):
        result = repair(folder)
    assert result.exit_code == 2
    assert "An engine works on" in result.stderr
    assert (folder.path / "journal.jsonl").read_bytes() == damaged


def test_a_record_of_a_newer_hpo_tui_is_no_damage(finished: Finished) -> None:
    import zlib

    folder = finished()
    journal = folder.path / "journal.jsonl"
    body = b'{"seq":999,"gen":1,"time":0.0,"event":{"type":"NotYetInvented"}'
    journal.write_bytes(journal.read_bytes() + body + b',"crc":"%08x"}\n' % zlib.crc32(body))
    before = journal.read_bytes()
    assert "Nothing is damaged." in repair(folder).output
    assert journal.read_bytes() == before


def test_a_spec_that_cannot_be_read_is_said_in_its_own_sentence(finished: Finished) -> None:
    folder = finished()
    folder.spec.write_text("[grid\n")
    result = repair(folder)
    assert result.exit_code == 2
    assert "Traceback" not in result.output + result.stderr
    assert "spec.toml" in result.stderr


def test_a_repair_that_cannot_be_written_leaves_the_journal_as_it_was(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished()
    damaged = damage(folder)

    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("hpo_core.engine.mending.write_atomically", full)
    result = repair(folder)
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert (folder.path / "journal.jsonl").read_bytes() == damaged


def test_a_session_found_by_name_is_repaired_too(finished: Finished) -> None:
    folder = finished()
    name = session.find(folder.path.parent, folder.name).name
    result = CliRunner().invoke(cli, ["--sessions", str(folder.path.parent), "repair", name], prog_name="hpo-tui")
    assert result.exit_code == 0
