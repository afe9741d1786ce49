"""How a session is looked at is written down soon after each change, read with doubt, never lost in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hpo_core.errors import SessionError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.results.trim import TRIAL, Trim
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk.view_file import KEPT_ELSEWHERE, ViewFile, load_view
from hpo_tui.desk.view_state import ViewState
from hpo_tui.screens.desk_screen import SAVE_SECONDS
from hpo_tui.views import VIEWS, open_view

GRID = Grid((Hyperparameter("filters", (12, 24)), Hyperparameter("loss", ("poisson", "mean_squared_error"))))
LOOKED = ViewState(
    Trim(frozenset({("filters", 24), (TRIAL, 1)}), "filters > 12", True),
    view="ranking", metric="val_loss", epoch="best", axes=(1, 0), angles=(20.0, 30.0), box=True, log_axes=True,
    by_value=True, bins=7, overlay=True, cumulative=True,
)  # fmt: skip


def hidden_in(folder: SessionFolder) -> list[Any]:
    return json.loads(folder.view.read_bytes())["hidden"] if folder.view.exists() else []


def test_what_was_saved_is_read_back(tmp_path) -> None:
    file = ViewFile(tmp_path / "view.json", GRID, len(GRID))
    assert file.first == ViewState(axes=(0, 1))
    file.save(LOOKED)
    assert load_view(tmp_path / "view.json", GRID) == LOOKED


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("hidden", [["filters", 24, 3]]), ("hidden", {"filters": 24}), ("hidden", [["filters", [24]]]),
        ("where", 3), ("where", "w" * 2001), ("where", "a\u202eb"), ("without_collapsed", 1), ("view", "\x1b[2J"),
        ("view", ["ranking"]), ("metric", "\x1b[2J"), ("metric", {}), ("epoch", "first"), ("axes", [0, 0]),
        ("axes", [0, 1, 2]), ("axes", ["1", "0"]), ("angles", [20]), ("angles", [20, 90]), ("angles", [-1, 30]),
        ("angles", ["20", "30"]), ("angles", [10**400, 30]), ("box", "true"), ("by_value", 2), ("log_axes", None),
        ("bins", 1), ("bins", 1e9), ("bins", True), ("overlay", 1), ("cumulative", []),
    ],
)  # fmt: skip
def test_a_field_that_is_damaged_costs_only_itself(tmp_path, name: str, bad: object) -> None:
    path = tmp_path / "view.json"
    ViewFile(path, GRID, len(GRID)).save(LOOKED)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), name: bad}))
    state, default = load_view(path, GRID), ViewState(axes=(0, 1))
    in_trim = {"hidden", "where", "without_collapsed"}
    changed = "trim" if name in in_trim else name
    lost = replace(LOOKED.trim, **{name: getattr(Trim(), name)}) if name in in_trim else getattr(default, name)
    assert state == replace(LOOKED, **{changed: lost})


def test_a_view_that_there_is_not_opens_the_first(tmp_path) -> None:
    path = tmp_path / "view.json"
    path.write_text(json.dumps({"view": "moon", "box": True}))
    state = load_view(path, GRID)
    assert (open_view(state), state.box) == (VIEWS[0], True)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"bins": 1e999}', b"[" * 100_000, b'{"hidden": NaN}']
)
def test_a_file_that_is_none_gives_the_default(tmp_path, data: bytes) -> None:
    path = tmp_path / "view.json"
    path.write_bytes(data)
    assert load_view(path, GRID) == ViewState(axes=(0, 1))


def test_values_that_the_grid_does_not_have_are_left_out(tmp_path) -> None:
    path = tmp_path / "view.json"
    path.write_text(json.dumps({"hidden": [["filters", 24.0], ["filters", 36], ["", 4], ["", 5], ["gone", "x"]]}))
    assert load_view(path, GRID).trim == Trim(frozenset({("filters", 24), (TRIAL, 4)}))


def test_a_look_that_another_screen_changed_is_not_written_over(tmp_path) -> None:
    path = tmp_path / "view.json"
    one, two = ViewFile(path, GRID, len(GRID)), ViewFile(path, GRID, len(GRID))
    one.save(replace(one.first, bins=5))
    with pytest.raises(SessionError, match="Another screen"):
        two.save(replace(two.first, bins=9))
    one.save(replace(one.first, bins=6))
    two.save(two.first)  # nothing of its own to save
    assert load_view(path, GRID).bins == 6
    path.unlink()
    two.save(replace(two.first, bins=9))  # there is no other any more
    assert load_view(path, GRID).bins == 9


async def test_a_trim_is_written_while_the_screen_is_open(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as see:
        await see.press("1")
        await see.until(lambda: hidden_in(folder) == [["learning_rate", 1e-4]])
        await see.press("u", "2")
        await see.until(lambda: hidden_in(folder) == [["learning_rate", 1e-3]])


@pytest.mark.parametrize("keys", [(), ("1",)], ids=["only looked at", "read-only"])
async def test_what_is_not_to_be_kept_is_not_written(make_session, open_app, keys: tuple[str, ...]) -> None:
    folder = make_session()
    async with open_app(folder, read_only=bool(keys)) as see:
        await see.press("down", *keys)
        await see.pilot.pause(SAVE_SECONDS + 0.3)
    assert not folder.view.exists()


def told(see: Any) -> list[str]:
    return [notification.message for notification in see.app._notifications]


async def test_two_screens_on_one_session_do_not_overwrite_each_other(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as one:
        async with open_app(folder) as two:
            await one.press("1")
            await one.until(lambda: hidden_in(folder) == [["learning_rate", 1e-4]])
            await two.press("2")
            await two.until(lambda: KEPT_ELSEWHERE in told(two))
            await two.press("3")
            await two.shows("values", "4 of 12")
            await two.pilot.pause(SAVE_SECONDS + 0.3)
            assert told(two).count(KEPT_ELSEWHERE) == 1
        assert hidden_in(folder) == [["learning_rate", 1e-4]]
        await one.press("3")
        await one.until(lambda: len(hidden_in(folder)) == 2)
        assert told(one) == []


async def test_a_disk_that_takes_nothing_is_told_once(make_session, open_app, monkeypatch) -> None:
    folder = make_session()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async with open_app(folder) as see:
        with monkeypatch.context() as patch:
            patch.setattr("hpo_tui.desk.view_file.write_atomically", full)
            for key in "12":
                await see.press(key)
                await see.until(lambda: told(see) == ["The view could not be saved: No space left on device."])
                await see.pilot.pause(SAVE_SECONDS + 0.3)
            assert len(told(see)) == 1
        await see.press("3")  # there is room again
        await see.until(lambda: len(hidden_in(folder)) == 3)
