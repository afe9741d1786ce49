"""The winner leaves the desk by a key: as a folder, or as text."""

from __future__ import annotations

import tomllib


async def test_w_writes_the_best_trial_as_a_folder_and_c_copies_the_one_under_the_cursor(
    make_session, open_app, monkeypatch
) -> None:
    folder = make_session()
    made = folder.models / "trial-00010-r02-a01.keras"
    copied: list[str] = []
    async with open_app(folder) as see:
        monkeypatch.setattr(see.app, "copy_to_clipboard", copied.append)
        made.parent.mkdir()
        for trial in range(1, 13):
            made.with_name(f"trial-{trial:05d}-r02-a01.keras").write_bytes(b"weights")
        await see.press("W")
        await see.until(lambda: folder.exports.is_dir() and any(folder.exports.glob("trial-*/README.md")))
        await see.press("tab", "down", "C")
        await see.until(lambda: bool(copied))
    [written] = folder.exports.iterdir()
    assert {"model.keras", "train.py", "spec.toml", "README.md"} <= {path.name for path in written.iterdir()}
    assert tomllib.loads(copied[0])["fixed"].keys() == {"learning_rate", "loss", "filters"}
    assert "--set learning_rate=" in copied[0]


async def test_w_asks_which_trial_where_the_cursor_is_on_another_than_the_best(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as see:
        await see.shows("answer", "best: trial")
        await see.press("tab", "down", "down", "W")
        await see.until(lambda: type(see.app.screen).__name__ == "Choice")
        answers = see.app.screen.query_one("OptionList").options
        [best, cursor] = [str(option.prompt) for option in answers]
        assert "the best by val_accuracy: learning_rate" in best
        assert "under the cursor: learning_rate" in cursor
        await see.press("escape")
        await see.until(lambda: type(see.app.screen).__name__ == "SessionScreen")
    assert not folder.exports.exists()
