"""A lock that leads out of its session is refused; nothing outside is touched, and nothing waits for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hpo_core.journal.lock import SessionLock, is_held, read_holder


@pytest.mark.parametrize(
    "put",
    [
        lambda lock, outside: lock.symlink_to(outside),
        lambda lock, outside: lock.hardlink_to(outside),
        lambda lock, outside: os.mkfifo(lock),
    ],
    ids=["symbolic link", "hard link", "pipe"],
)
def test_a_lock_that_is_no_plain_file_is_refused(tmp_path: Path, put: Callable[[Path, Path], object]) -> None:
    outside, lock = tmp_path / "outside", tmp_path / "lock"
    outside.write_text("mine")
    put(lock, outside)
    with pytest.raises(OSError):  # noqa: PT011 - the kernel's words for a link, ours for the others
        SessionLock(lock).acquire()
    assert (is_held(lock), read_holder(lock), outside.read_text()) == (False, None, "mine")
