"""The form of a new grid: filled in by keyboard, counted live, checked at the field, launched or written down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.journal.events import EngineOptions
from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.forms import grid_form as form
from hpo_tui.forms.fields import read_image_size, read_values, values_text

SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)]


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")


def screen(see) -> str:
    return type(see.app.screen).__name__


def notes(see) -> str:
    return "\n".join(str(note.message) for note in see.app._notifications)


async def begin(see) -> None:
    await see.shows("sessions", "New grid")
    await see.press("n")
    await see.until(lambda: screen(see) == "NewGridScreen")
    await see.shows("summary", "trainings of")


async def fill(see, key: str, text: str) -> None:
    """Go to the field and put a text in place of what it says."""
    row = see.app.screen.row(key)
    row.field.focus()
    row.text = text
    await see.pilot.pause()


async def test_a_folders_path_is_completed_counted_and_a_default_replaced_by_typing(
    open_app, tmp_path: Path, monkeypatch
) -> None:
    for name in ("apple", "pear"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "1.png").touch()
    monkeypatch.chdir(tmp_path)
    async with open_app() as see:
        await begin(see)
        await fill(see, "source", "folder")
        row = see.app.screen.row("path")
        row.field.focus()
        await see.press("p", "i", "tab")
        await see.until(lambda: row.text == "pictures/")
        await see.until(lambda: row.note == "2 classes · 2 images")
        assert see.app.screen.focused_row() is row
        await see.press("tab")
        assert see.app.screen.focused_row() is not row
        name = see.app.screen.row("name")
        name.field.focus()
        await see.press(*"new", "up", "down", *"er")  # what was typed is gone on with
        await see.until(lambda: name.text == "newer")


def no_note_is_cut(see) -> None:
    """Each note beside a field stands there whole."""
    for row in see.app.screen.rows:
        note = row.query_one(".note")
        if row.display and note.display:
            shown = " ".join(line.text.strip() for line in note.render_lines(note.size.region))
            assert " ".join(shown.split()) == row.note


@pytest.mark.parametrize("size", SIZES)
async def test_a_fresh_form_is_a_grid_already_and_every_field_can_be_reached(open_app, size) -> None:
    async with open_app(size=size) as see:
        await begin(see)
        assert "5 × 4 = 20 trials, 2 replicates each: 40 trainings of 3 epochs" in see.text("summary")
        assert "unknown until the first training" in see.text("summary")
        seen = []
        for _ in range(len(see.app.screen.rows) - 1):  # fruit needs no path
            row = see.app.screen.focused_row()
            seen.append(row.key)
            region = row.field.region
            assert region.height == 1
            assert see.app.screen.query_one("#fields").region.contains_region(region)
            await see.press("down")
        assert seen == [entry.key for entry in form.grid_fields() if entry.key != "path"]
        assert set(KNOWN) <= set(seen)
        assert see.app.screen.focused.id == "deed-launch"


async def test_the_counts_follow_what_is_typed_and_ctrl_t_puts_the_usual_values_in_and_out(open_app) -> None:
    async with open_app() as see:
        await begin(see)
        see.app.screen.row("kernel_size").field.focus()
        await see.press("ctrl+t")
        assert see.app.screen.row("kernel_size").text == "3, 4, 5"
        await see.shows("summary", "60 trials")
        await see.press("ctrl+t")
        assert see.app.screen.row("kernel_size").text == ""
        await fill(see, "loss", "poisson, mean_squared_err")
        await see.press(*"or")
        await see.shows("summary", "5 × 2 × 4 = 40 trials, 2 replicates each: 80 trainings of 3 epochs")
        await fill(see, "epochs", "2,4")
        await see.shows("summary", "160 trainings of 2 to 4 epochs")
        await fill(see, "epochs", "7")
        await fill(see, "replicates", "1")
        await see.shows("summary", "40 trainings of 7 epochs")
        assert "noise cannot be told from signal" in see.text("summary")
        assert see.app.screen.row("loss").note.startswith("2 values")
        assert see.app.screen.row("epochs").note.startswith("fixed")
        assert see.app.screen.row("dropout").note.startswith("default")


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_wrong_stands_beside_the_field_and_launch_goes_there(open_app, sessions: Path, size) -> None:
    async with open_app(size=size) as see:
        await begin(see)
        await fill(see, "dropout", "0.5, 1.5")
        row = see.app.screen.row("dropout")
        assert "1.5 is out of range; give a number of at least 0 and at most 0.95." in row.note
        await see.shows("summary", "Not in order yet: dropout")
        await see.press("ctrl+l")
        assert see.app.screen.focused is row.field
        await fill(see, "dropout", "")
        await see.shows("summary", "40 trainings")
        await fill(see, "name", "")  # what is not in order is named as its field is
        await see.shows("summary", "Not in order yet: session name;")
        assert list(sessions.iterdir()) == []


async def test_launch_creates_the_session_trains_it_and_shows_it(open_app, sessions: Path) -> None:
    async with open_app(options=EngineOptions(workload="synthetic")) as see:
        await begin(see)
        for key, text in (
            ("image_size", "16"),
            ("learning_rate", "1e-4,1e-3"),
            ("filters", "12,24"),
            ("epochs", "2"),
        ):
            await fill(see, key, text)
        await fill(see, "name", "mine")
        see.app.screen.query_one("#deed-launch").focus()
        await see.press("enter")
        await see.shows("header", "finished 8 of 8")
        assert len(see.app.screen_stack) == 2
        folder = SessionFolder(sessions / "mine")
        spec = folder.load_spec()
        assert spec.data.image_size == (16, 16)
        assert spec.fixed == {"epochs": 2}
        await see.until(lambda: not folder.engine_runs())
        # The next form on the same data knows how long it will take.
        await see.press("h")
        await see.shows("sessions", "mine")
        await see.press("c")
        await see.until(lambda: screen(see) == "NewGridScreen")
        await see.shows("summary", "at the speed of mine")
    async with open_app() as see:  # a made-up speed is no expectation of a real training
        await see.shows("sessions", "finished")
        await see.press("c")
        await see.until(lambda: screen(see) == "NewGridScreen")
        await see.until(lambda: not see.app.screen.workers)
        await see.shows("summary", "unknown until the first training")


async def test_a_spec_is_written_beside_the_person_and_never_over_another(
    open_app, tmp_path: Path, monkeypatch, sessions: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app() as see:
        await begin(see)
        see.app.screen.row("objective").field.focus()
        await see.press("right", "right")  # a choice: val_loss
        await see.press("ctrl+s")
        await see.until(lambda: (tmp_path / "grid.toml").exists())
        assert str(tmp_path / "grid.toml") in notes(see)
        spec = SessionSpec.load(tmp_path / "grid.toml")
        assert (spec.trainings, spec.objective.metric, spec.objective.direction) == (40, "val_loss", "min")
        await see.press("ctrl+s")
        await see.until(lambda: (tmp_path / "grid-2.toml").exists())
        assert list(sessions.iterdir()) == []


async def test_a_folder_is_asked_for_found_and_looked_at_before_anything_is_made(
    open_app, sessions: Path, tmp_path: Path
) -> None:
    images = tmp_path / "my images"
    (images / "Training" / "apple").mkdir(parents=True)
    async with open_app(options=EngineOptions(workload="synthetic")) as see:
        await begin(see)
        see.app.screen.row("source").field.focus()
        await see.press("right")
        assert see.app.screen.row("path").display
        assert "Give the path of the folder of images." in see.app.screen.row("path").note
        await fill(see, "path", str(tmp_path / "nowhere"))
        assert "There is no folder" in see.app.screen.row("path").note
        await fill(see, "path", str(images))
        await see.shows("summary", "40 trainings")
        await see.press("ctrl+l")
        await see.until(lambda: "my images" in notes(see) and not see.app.screen.busy)
        assert screen(see) == "NewGridScreen"
        assert list(sessions.iterdir()) == []


async def test_the_mouse_changes_a_choice_and_goes_back_and_ascii_terminals_see_ascii_alone(open_app) -> None:
    async with open_app(ascii_only=True) as see:
        await begin(see)
        for name in ("summary", "footer"):
            pane = see.app.screen.query_one(f"#{name}")
            lines = [pane.render_line(y).text for y in range(pane.content_size.height)]
            assert "".join(lines).isascii()
        assert all(row.note.isascii() for row in see.app.screen.rows)
        await see.pilot.click(see.app.screen.row("source").field)
        assert see.app.screen.row("source").text == "folder"
        await see.until(lambda: see.app.screen.row("path").size.height > 0)  # the form is laid out anew
        await see.pilot.click("#deed-back")
        await see.until(lambda: screen(see) == "HomeScreen")


# What the texts mean ------------------------------------------------------------------------------------------


def test_a_copy_of_a_spec_reads_back_as_that_spec(tmp_path: Path) -> None:
    spec = SessionSpec.parse(
        "[data]\nsource = 'fruit'\nimage_size = [24, 32]\nclasses = 7\nseed = 3\n"
        "[grid]\nlearning_rate = [1e-4, 0.000316]\nloss = ['poisson', 'mean_squared_error']\n"
        "[fixed]\ndropout = 0.0\nepochs = 9\n[session]\nreplicates = 3\nobjective = 'loss'\nseed = 5\njit = true\n"
    )
    texts, lost = form.texts_of(spec, "again")
    assert lost == ""
    assert form.read_grid(texts, spec, tmp_path).spec == spec


SEARCHED = """
[data]
source = "fruit"
[grid]
learning_rate = {low = 1e-5, high = 0.1, scale = "log"}
filters = {low = 8, high = 64, step = 8}
optimizer = ["adam", "sgd"]
[search]
plan = "random"
trials = 60
pruner = "halving"
"""


def test_a_search_over_ranges_reads_back_as_that_search_also_where_some_of_it_is_drawn(tmp_path: Path) -> None:
    spec = SessionSpec.parse(SEARCHED)
    begun = replace(spec, grid=spec.grid.with_trials([(0.001, 16, "sgd"), (0.01, 8, "adam")]))
    for base in (spec, begun):
        texts, lost = form.texts_of(base, "again")
        assert (texts["learning_rate"], lost) == ('{low = 1e-05, high = 0.1, scale = "log"}', "")
        read = form.read_grid(texts, base, tmp_path).spec
        assert read == spec
        assert form.count_words(read) == "60 trials by random: at most 60 trainings of 3 epochs"
    narrower = form.read_grid(texts | {"filters": "{low = 8, high = 16}", "pruner": "none"}, base, tmp_path).spec
    assert narrower is not None
    assert [factor.size for factor in narrower.grid.hyperparameters[1:]] == [9, 2]


def test_an_imported_grid_gives_what_can_be_trained_and_names_the_rest(tmp_path: Path) -> None:
    spec = SessionSpec.parse(
        "[data]\nsource = 'import'\n[grid]\nlearning_rate = [0.1, 0.2]\nfilter_size = [12]\n"
        "optimizer = ['p', 'adam']\n"
        "[session]\nobjective = 'accuracy'\n"
    )
    texts, lost = form.texts_of(spec, "next")
    assert texts["learning_rate"] == "0.1, 0.2"
    assert texts["optimizer"] == "adam"
    assert lost == "Not taken over, for hpo-tui cannot train it: filter_size, optimizer."
    assert "path" in form.read_grid(texts, spec, tmp_path).errors


def test_nothing_varied_is_one_trial_and_says_so(tmp_path: Path) -> None:
    texts = form.fresh_texts("one") | {"learning_rate": "", "filters": "", "dropout": "0"}
    spec = form.read_grid(texts, None, tmp_path).spec
    assert spec is not None
    assert len(spec.grid) == 1
    assert spec.values_of(1)["dropout"] == 0.0
    assert "Nothing is varied yet" in form.advice(spec)


def test_too_many_trainings_are_refused_in_one_sentence(tmp_path: Path) -> None:
    many = ", ".join(str(number) for number in range(1, 1200))
    reading = form.read_grid(form.fresh_texts("big") | {"filters": many, "batch_size": many}, None, tmp_path)
    assert reading.spec is None
    assert "1,000,000 is the most" in reading.errors[""]


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("learning_rate", "0.1, 0.1", "0.1 stands there twice"),
        ("learning_rate", "-1", "is out of range"),
        ("learning_rate", "1e999", "is not a number"),
        ("filters", "12.5", "is not a whole number"),
        ("loss", "mse", "is not one of poisson"),
        ("loss", '"poisson', "A quote is not closed"),
        ("replicates", "0", "a whole number from 1 to 10000"),
        ("replicates", "", "a whole number from 1 to 10000"),
        ("replicates", "٣", "a whole number from 1 to 10000"),
        ("image_size", "10x20x30", "such as 100 or 100x80"),
        ("image_size", "0", "such as 100 or 100x80"),
        ("filters", "{low = 8", 'Write a range so: {low = 1e-5, high = 0.1, scale = "log"}'),
        ("filters", "{low = 8}", "filters: a range needs a low and a high end; high is missing."),
        ("plan", "qmc", "must know how many trials"),
        ("trials", "9", "trains every combination"),
        ("name", "../up", "cannot name a session"),
        ("name", "", "cannot name a session"),
        ("name", "taken", "There is a session 'taken' already"),
    ],
)
def test_every_wrong_text_has_its_sentence(tmp_path: Path, key: str, text: str, words: str) -> None:
    (tmp_path / "taken").mkdir()
    reading = form.read_grid(form.fresh_texts("grid") | {key: text}, None, tmp_path)
    assert reading.spec is None
    beside = "trials" if key == "plan" else key
    assert set(reading.errors) == {beside}
    assert words in reading.errors[beside]


def test_values_and_sizes_are_read_as_people_write_them() -> None:
    assert read_values("learning_rate", " 1e-3 ,0.01,, ") == (0.001, 0.01)
    assert read_values("anything", values_text(["a,b", 'c"d', 3])) == ("a,b", 'c"d', 3)
    assert read_values("free", "0.333333333333", (1 / 3,)) == (1 / 3,)
    assert read_image_size("100") == (100, 100)
    assert read_image_size("100×80") == read_image_size("[100, 80]") == (100, 80)
    assert read_image_size("") is None


@pytest.mark.long
async def test_npz_arrays_are_trained_on(open_app, sessions: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 255, (12, 8, 8, 3), dtype=np.uint8),
        "y_train": np.arange(12) % 3,
        "x_test": rng.integers(0, 255, (6, 8, 8, 3), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
    }
    np.savez(tmp_path / "mine.npz", **arrays)
    async with open_app(options=EngineOptions(workload="synthetic")) as see:
        await begin(see)
        see.app.screen.row("source").field.focus()
        await see.press("right", "right")
        for key, text in (("path", str(tmp_path / "mine.npz")), ("learning_rate", "1e-3,1e-2"), ("filters", "")):
            await fill(see, key, text)
        await see.press("ctrl+l")
        await see.shows("header", "finished 4 of 4")
        assert read_session(SessionFolder(sessions / "grid")).spec.data.path == str(tmp_path / "mine.npz")


async def test_what_a_thread_comes_back_with_is_dropped_where_the_form_is_being_left(open_app) -> None:
    async with open_app() as see:
        await begin(see)
        form = see.app.screen
        see.app.pop_screen()
        await form.query_one("#summary").remove()
        assert form.is_attached
        await asyncio.to_thread(form.answer, form.end_with, None)
        await see.until(lambda: not form.is_attached)
        assert screen(see) == "HomeScreen"


async def test_a_form_calls_what_it_does_by_one_word_on_button_footer_and_help_and_escape_makes_nothing(
    open_app, sessions: Path
) -> None:
    async with open_app() as see:
        await begin(see)
        no_note_is_cut(see)
        buttons = [str(deed.content).strip("[ ]") for deed in see.app.screen.query(".deed")]
        assert buttons == ["Launch", "Save as a spec file", "Back"]
        for label in buttons:
            assert f" {label[:1].lower()}{label[1:]} " in see.text("footer")
        await see.press("f1")
        await see.until(lambda: screen(see) == "HelpScreen")
        assert "write the grid as a spec file where you are" in str(see.app.screen.query_one("Static").content)
        await see.press("escape")
        await see.until(lambda: screen(see) == "NewGridScreen")
        await see.press("escape")
        await see.until(lambda: screen(see) == "HomeScreen")
        assert list(sessions.iterdir()) == []


@pytest.mark.long
async def test_a_note_beside_a_field_is_never_cut(open_app) -> None:
    async with open_app(size=(100, 40)) as see:
        await begin(see)
        no_note_is_cut(see)
