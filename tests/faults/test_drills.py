"""The drills in their quick form; ``python tests/faults/drill.py`` runs the long ones and prints the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from drill_data import feed_data
from drill_disk import fail_everywhere
from drill_hostile import send_noise, spoil_folders
from drill_journal import cut_everywhere, flip_bits
from drill_lost_pages import lose_pages
from drill_orders import give_orders
from drill_parsers import PARSERS, feed
from drill_processes import attack, race
from drill_visits import come_and_go, two_screens


@pytest.mark.fault(1, 3)
def test_kill_9_of_screen_engine_and_workers_at_random_loses_doubles_and_orphans_nothing(tmp_path: Path) -> None:
    figures = attack(tmp_path, 12)
    assert figures.clean, figures


@pytest.mark.fault(10)
def test_of_engines_that_race_for_a_session_one_works_and_nothing_is_done_twice(tmp_path: Path) -> None:
    figures = race(tmp_path, 1)
    assert figures.clean, figures


@pytest.mark.fault(4)
@pytest.mark.pty
def test_a_hang_up_ends_the_screen_and_leaves_the_training(tmp_path: Path) -> None:
    figures = come_and_go(tmp_path, 1, hang_ups=True)
    assert figures.clean, figures


@pytest.mark.long
@pytest.mark.pty
def test_screens_come_and_go_and_the_engine_stays_the_same(tmp_path: Path) -> None:
    figures = come_and_go(tmp_path, 2, hang_ups=False)
    assert figures.clean, figures


@pytest.mark.long
@pytest.mark.fault(9)
@pytest.mark.pty
def test_two_screens_may_both_give_orders(tmp_path: Path) -> None:
    figures = two_screens(tmp_path, 2)
    assert figures.clean, figures


def test_a_journal_cut_anywhere_is_a_correct_prefix_and_can_be_written_on(tmp_path: Path) -> None:
    figures = cut_everywhere(tmp_path, step=7)
    assert figures.clean, figures


@pytest.mark.fault(15)
def test_of_twenty_thousand_flipped_bits_none_becomes_another_value(tmp_path: Path) -> None:
    figures = flip_bits(tmp_path, 20_000)
    assert figures.clean, figures


@pytest.mark.fault(20)
def test_any_call_to_the_disk_may_fail_and_the_session_ends_as_if_none_had(tmp_path: Path) -> None:
    figures = fail_everywhere(tmp_path, step=3)
    assert figures.rounds > 20
    assert figures.clean, figures


def test_pages_that_a_disk_drops_after_a_failed_fsync_are_read_from_the_next_segment(tmp_path: Path) -> None:
    figures = lose_pages(tmp_path)
    assert figures.rounds > 15
    assert int(figures.note.split()[0]) > 15
    assert figures.clean, figures


@pytest.mark.fault(35)
@pytest.mark.parametrize("parser", PARSERS)
def test_whatever_it_is_given_a_parser_reads_it_or_refuses_it_in_one_sentence(parser: str) -> None:
    figures = feed(parser, 100)
    assert figures.rounds >= 100
    assert int(figures.note.split()[0]) >= 15, "as many as these were read, and written and read again"


@pytest.mark.fault(50, 51, 52, 53, 54, 55, 56)
def test_whatever_lies_in_a_folder_or_an_npz_file_is_read_as_it_is_or_refused_in_one_sentence(
    tmp_path: Path,
) -> None:
    figures = feed_data(tmp_path, 60)
    assert figures.clean, figures
    assert int(figures.note.split()[0]) >= 20, (
        "as many as these were read, and compared with what they were made of"
    )


def test_trims_and_orders_in_any_sequence_do_what_a_plain_model_does() -> None:
    assert give_orders(12).rounds == 12


@pytest.mark.fault(42)
def test_whatever_stands_in_a_session_nothing_outside_changes_and_nothing_hangs(tmp_path: Path) -> None:
    figures = spoil_folders(tmp_path / "sessions", 25)
    assert figures.clean, figures


@pytest.mark.fault(43)
def test_after_any_bytes_from_a_terminal_the_next_key_is_heard() -> None:
    figures = send_noise(200)
    assert figures.clean, figures
