"""The theme is the person's, not the session's: it is there again next time, and never a reason to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpo_tui.look import preferences


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preferences, "user_config_path", lambda name: tmp_path / "config" / name)
    return tmp_path / "config"


async def test_the_theme_that_was_chosen_is_there_again(config: Path, open_app) -> None:
    assert preferences.remembered_theme() is None
    async with open_app(on_theme=preferences.remember_theme) as see:
        await see.press("T")
    assert preferences.remembered_theme() == "light"


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(config: Path) -> None:
    config.write_text("a file where the folder should be")
    preferences.remember_theme("light")
    assert preferences.remembered_theme() is None


@pytest.mark.parametrize("kept", [b"", b"mauve\n", b"\xff\xfe"])
def test_what_is_no_theme_is_not_read(config: Path, kept: bytes) -> None:
    preferences.theme_file().parent.mkdir(parents=True)
    preferences.theme_file().write_bytes(kept)
    assert preferences.remembered_theme() is None
