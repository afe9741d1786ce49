"""What matters and what is noise, on the screen and on the command line: as a person meets it."""

from __future__ import annotations

import json
import random
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from places import PAPER
from taken_orders import take_orders

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineStarted,
    EngineStopped,
    EpochEnded,
    Event,
    QueueJobs,
    WiringProbed,
)
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.grid import JobKey
from hpo_core.plan.probes import Finding
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.measure import measure_of
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create
from hpo_tui.cli import cli
from hpo_tui.desk.analyst import Analyst, Look
from hpo_tui.desk.table_in_view import build_table
from hpo_tui.panes.value_marks import ValueMarks
from hpo_tui.panes.value_rows import Look as ValueLook
from hpo_tui.panes.value_rows import value_lines
from hpo_tui.panes.value_stats import value_stats
from hpo_tui.screens.session_keys import SESSION_KEYS
from hpo_tui.views import VIEWS

SIZES = [(80, 24), *(pytest.param(size, marks=pytest.mark.long) for size in ((120, 40), (200, 60)))]
TO_EFFECTS = ["right_square_bracket"] * [view.name for view in VIEWS].index("effects")

Metrics = dict[str, float | None]
Curve = Callable[[dict[str, Any], JobKey], list[Metrics]]


def spec_text(grid: str, replicates: int = 3) -> str:
    data = '[data]\nsource = "fruit"\nclasses = 10'
    return f"{data}\n[grid]\n{grid}\n[fixed]\nepochs = 3\n[session]\nreplicates = {replicates}\n"


GRID = """
learning_rate = [1e-4, 1e-3, 1e-2]
loss = ["poisson", "mean_squared_error"]
filters = [12, 24]
"""


def noisy(values: dict[str, Any], key: JobKey) -> list[Metrics]:
    """Learning rate 0.001 is best, 0.0001 far behind, 0.01 as good; the loss is noise; more filters help a little.

    Every training is best at its second epoch, by 0.05 of validation accuracy.
    """
    luck = random.Random(f"{key.trial} {key.replicate}").gauss(0, 0.01)
    level = {1e-4: 0.50, 1e-3: 0.90, 1e-2: 0.895}[values["learning_rate"]] + luck
    level += 0.03 if values["filters"] == 24 else 0.0
    return [
        {"accuracy": level + 0.1, "loss": 1 - level, "val_accuracy": level + gain, "val_loss": 1 - level - gain}
        for gain in (-0.2, 0.05, 0.0)
    ]


def collapsing(values: dict[str, Any], key: JobKey) -> list[Metrics]:
    """As above, but at a learning rate of 0.01 every training predicts one class for all images."""
    if values["learning_rate"] == 1e-2:
        return [{"accuracy": 0.1, "loss": 2.3026 + 1e-5 * key.trial, "val_accuracy": 0.1, "val_loss": 2.3026}] * 3
    return noisy(values, key)


def events_of(spec: SessionSpec, jobs: list[JobKey], curve: Curve) -> Iterator[Event]:
    for key in jobs:
        ids = {"trial": key.trial, "replicate": key.replicate, "attempt": 1}
        yield AttemptStarted(**ids, seed=spec.seed_of(key), worker=1)
        values = spec.values_of(key.trial)
        for number, metrics in enumerate(curve(values, key), 1):
            yield EpochEnded(**ids, epoch=number, metrics=metrics, seconds=0.5)
        seconds = float(values["filters"]) / 8
        yield AttemptEnded(**ids, status="complete", seconds=seconds, parameters=100 * int(values["filters"]))


Story = Callable[..., SessionFolder]


@pytest.fixture
def story(sessions: Path) -> Story:
    """A session on 10 classes whose first ``done`` trainings (or all) ended as ``curve`` says."""

    def make(
        curve: Curve = noisy, grid: str = GRID, replicates: int = 3, done: int | None = None, *extra: Event
    ) -> SessionFolder:
        spec = SessionSpec.parse(spec_text(grid, replicates))
        folder = create(sessions, "story", spec)
        writer = JournalWriter(folder.path, 1, 0)
        classes = tuple(f"fruit {number}" for number in range(10))
        writer.append(EngineStarted(host="box", boot_id="b", pid=1, version="0.1.0"))
        writer.append(
            DataPrepared(
                fingerprint="f", train=480, validation=160, classes=classes, image_size=(9, 9), seconds=0.1
            )
        )
        for event in (*events_of(spec, list(spec.grid.jobs(replicates))[:done], curve), *extra):
            writer.append(event)
        if done is None:
            writer.append(EngineStopped(reason="finished"))
        writer.close()
        return folder

    return make


def told(see: Any) -> str:
    """What the notifications say."""
    return "\n".join(str(note.message) for note in see.app._notifications)


# The view ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_the_words_come_first_then_shares_values_and_the_best_trial(story, open_app, size) -> None:
    async with open_app(story(), size) as see:
        await see.press(*TO_EFFECTS, "tab", "enter")
        await see.shows("view", "learning_rate decides")
        seen = see.text("view")
        assert seen.index("learning_rate decides") < seen.index("Share of the variance")
        for _ in range(12):
            await see.press("pagedown")
            seen += see.text("view")
        for words in ("loss: no detectable effect", "≈ noise", "Values: mean", "The best trial", "Epochs"):
            assert words in seen
        assert "Score against time" in seen
        assert "could not be" not in seen


async def test_every_line_of_the_view_can_be_reached_and_left_again(story, open_app) -> None:
    async with open_app(story(), (80, 24)) as see:
        await see.press(*TO_EFFECTS, "tab")
        await see.shows("view", "lines 1–15 of")
        await see.press("down", "down")
        await see.shows("view", "lines 3–17 of")
        await see.press(*["pagedown"] * 30)
        last = see.text("view").splitlines()[-1]
        assert last.split("–")[1].split(" of ")[0] == last.split(" of ")[1].split()[0]
        await see.press("up")
        await see.until(lambda: see.text("view").splitlines()[-1] != last)


async def test_the_effects_follow_the_trim_and_its_undo(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*TO_EFFECTS)
        await see.shows("view", "36 trainings in 12 trials")
        await see.press("1")
        await see.shows("view", "24 trainings in 8 trials")
        await see.press("u")
        await see.shows("view", "36 trainings in 12 trials")


async def test_the_effects_are_worked_out_again_while_it_trains(story, open_app) -> None:
    folder = story(noisy, GRID, 3, 24)
    spec = folder.load_spec()
    rest = list(spec.grid.jobs(3))[24:]
    async with open_app(folder) as see:
        await see.press(*TO_EFFECTS)
        await see.shows("view", "24 trainings in 12 trials")
        reader = read_session(folder)
        writer = JournalWriter(folder.path, 2, reader.version)
        for event in events_of(spec, rest, noisy):
            writer.append(event)
        writer.close()
        await see.shows("view", "36 trainings in 12 trials")


# Marks ---------------------------------------------------------------------------------------------------------


async def test_noise_and_values_like_the_best_are_marked_in_the_values_pane(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.shows("values", "≈ noise")
        rows = see.text("values").splitlines()
        marked = [row.split()[0].lstrip(">") for row in rows if "≈ noise" in row]
        assert marked == ["loss"]
        alike = [row for row in rows if row.rstrip().endswith(("alike", "≈")) and "●" in row]
        assert [row.split("●")[1].split()[0] for row in alike] == ["0.01"]


@pytest.mark.parametrize("width", [35, 41, 60])
def test_a_mark_moves_no_column(story, width) -> None:
    snapshot = read_session(story())
    table = build_table(snapshot, Trim(), measure_of(snapshot))
    marks = ValueMarks({1: "≈ noise"}, {(0, 2): "alike", (2, 0): "alike"})
    stats = [value_stats(table, factor) for factor in range(3)]
    look = ValueLook(width, 30, (0.0, 1.0))
    texts = [
        ["".join(text for text, _ in line.row) for line in value_lines(table, (0, 0), stats, look, given)]
        for given in (ValueMarks(), marks)
    ]
    for plain, marked in zip(*texts, strict=True):
        assert len(plain) == len(marked) == width
        if "\u25cf" in plain:
            assert marked.replace("≈", " ").replace("alike", "     ") == plain
    assert sum("≈" in line or "alike" in line for line in texts[1]) == 3


async def test_nothing_is_marked_before_it_can_be_known(story, open_app) -> None:
    async with open_app(story(noisy, GRID, 1)) as see:
        await see.press(*TO_EFFECTS)
        await see.shows("view", "Every trial has one replicate")
        assert "≈" not in see.text("values")


# What the keys do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [(*TO_EFFECTS, "d"), ("D",)])
async def test_what_loses_is_dropped_in_one_step_that_can_be_undone(story, open_app, keys) -> None:
    async with open_app(story()) as see:
        await see.shows("values", "≈ noise")
        await see.press(*keys)
        await see.shows("values", "○ 0.0001")
        assert "○ 12" in see.text("values")
        assert "4 of 12" in see.text("values")
        assert "Out of view: learning_rate 0.0001; filters 12. u brings them back." in told(see)
        await see.press("u")
        await see.shows("values", "12 of 12")


@pytest.mark.parametrize("name", ["drop losing values", "tell best from second", "interactions of three"])
def test_the_command_palette_offers_it_by_name(name: str) -> None:
    assert name in [key.name for key in SESSION_KEYS]


async def test_shift_i_tests_three_together_and_back(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*TO_EFFECTS, "tab", "enter")
        await see.shows("view", "6 effects tested")
        await see.press("I")
        await see.shows("view", "7 effects tested")
        assert "what up to 3 hyperparameters do together" in told(see)
        await see.press("I")
        await see.shows("view", "6 effects tested")


async def test_shift_v_takes_the_highest_interactions_as_noise_where_there_is_one_replicate(
    story, open_app
) -> None:
    async with open_app(story(noisy, GRID, 1)) as see:
        await see.press(*TO_EFFECTS, "tab", "enter")
        await see.shows("view", "--one-replicate-noise; key V")
        await see.press("V")
        await see.shows("view", "taken as the noise")
        await see.shows("view", "learning_rate decides")


async def test_by_seconds_no_value_is_dropped(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*["m"] * 4)
        await see.shows("header", "seconds")
        await see.press(*TO_EFFECTS)
        await see.shows("view", "filters decides")
        await see.press("D")
        await see.until(lambda: "By seconds nothing is dropped" in told(see))
        assert "12 of 12" in see.text("values")


async def test_by_another_metric_it_is_said_by_which_values_are_dropped(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*["m"] * 3)
        await see.shows("header", "val_loss")
        await see.press(*TO_EFFECTS)
        await see.shows("view", "val_loss is what each training minimises")
        await see.press("pagedown", "space")
        await see.shows("view", "learning_rate decides")
        await see.press("D")
        await see.until(lambda: "Out of view, judged by val_loss alone: learning_rate 0.0001" in told(see))


async def test_n_offers_the_replicates_that_would_tell_and_orders_them(story, open_app) -> None:
    folder = story(noisy, GRID, 3, 36)
    with SessionLock(folder.lock):
        async with open_app(folder) as see:
            await see.shows("values", "≈ noise")
            await see.press("n")
            await see.until(lambda: type(see.app.screen).__name__ == "Choice")
            await see.press("down", "enter")
            await see.until(lambda: any(folder.control.iterdir()))
            orders, _ = take_orders(folder.control)
            best, second = best_two(folder)
            assert [type(order) for order in orders] == [QueueJobs]
            assert orders[0].jobs == ((best, 4), (second, 4))


async def test_n_without_an_engine_queues_them_and_starts_one(story, open_app, monkeypatch) -> None:
    folder = story()
    started: list[SessionFolder] = []
    monkeypatch.setattr("hpo_core.engine.launch.start_engine", lambda folder, _: started.append(folder))
    async with open_app(folder) as see:
        await see.shows("values", "≈ noise")
        await see.press("n")
        await see.until(lambda: type(see.app.screen).__name__ == "Choice")
        await see.press("down", "enter")
        await see.until(lambda: bool(started))
        assert list(read_session(folder).queue) == [JobKey(trial, 4) for trial in best_two(folder)]


async def test_n_on_a_read_only_session_says_why_not(story, open_app) -> None:
    folder = story()
    async with open_app(folder, read_only=True) as see:
        await see.shows("values", "≈ noise")
        await see.press("n")
        await see.until(lambda: type(see.app.screen).__name__ == "Choice")
        await see.press("enter")
        await see.until(lambda: "read-only" in told(see))
        assert not read_session(folder).queue


async def test_n_on_an_imported_table_says_what_would_tell_and_queues_nothing(sessions, open_app) -> None:
    shutil.copytree(PAPER, sessions / "paper")
    folder = SessionFolder(sessions / "paper")
    async with open_app(folder) as see:
        await see.shows("values", "10 trainings collapsed, counted")
        await see.press("x", *TO_EFFECTS, "tab", "enter")
        await see.shows("view", "collapsed trainings left out")
        assert "puts these replicates" not in see.text("view")
        await see.press("n")
        await see.until(lambda: "imported: it has nothing to train on" in told(see))
        offered = {key.name for key in see.app.screen.KEYS}  # of footer, help, palette
        assert not offered & {"pause or resume", "add a replicate", "start an engine", "log", "use"}
        assert {"refine", "export", "drop losing values"} <= offered


def best_two(folder: SessionFolder) -> list[int]:
    found = call_json("effects", folder.path)["best"]
    return [found["trial"], found["second"]["trial"]]


async def test_x_takes_collapsed_trainings_out_of_everything_and_says_so(story, open_app) -> None:
    async with open_app(story(collapsing)) as see:
        await see.shows("values", "12 trainings collapsed, counted")
        await see.shows("values", ".1000 ± .0001")
        await see.press("x")
        await see.shows("values", "12 trainings collapsed, left out")
        assert ".1000" not in see.text("values")
        assert "worst 0.4" in see.text("values") or "worst 0.5" in see.text("values")
        await see.press(*TO_EFFECTS)
        await see.shows("view", "12 collapsed trainings left out")
        await see.press("left_square_bracket")
        await see.shows("view", "[rank")
        assert "0.1000" not in see.text("view")
        await see.press("x")
        await see.shows("view", "0.1000")


async def test_collapsed_trainings_that_are_out_of_view_anyway_are_not_spoken_of(story, open_app) -> None:
    async with open_app(story(collapsing)) as see:
        await see.shows("values", "12 trainings collapsed, counted")
        await see.press("3")
        await see.shows("values", "8 of 12 trials in view")
        assert "collapsed" not in see.text("values")


def best_in(text: str) -> float:
    """The best trial's mean in the values pane."""
    return float(text.split(" best ")[-1].split()[0])


@pytest.mark.parametrize("size", SIZES)
async def test_b_shows_the_best_epoch_and_the_header_always_says_which(story, open_app, size) -> None:
    async with open_app(story(), size) as see:
        await see.shows("header", "val_accuracy, last epoch")
        await see.shows("values", "worst" if size[1] > 24 else "95 %")
        before = best_in(see.text("values")) if size[1] > 24 else None
        await see.press("B")
        await see.shows("header", "val_accuracy, best epoch")
        if before is not None:
            after = best_in(see.text("values"))
            assert after == pytest.approx(before + 0.05, abs=2e-4)
        await see.press(*TO_EFFECTS, "tab", "enter")
        await see.shows("view", "at the best epoch")


async def test_m_goes_on_to_time_speed_and_size(story, open_app) -> None:
    async with open_app(story()) as see:
        for metric in ("val_accuracy", "accuracy", "loss", "val_loss", "seconds", "images/s", "parameters"):
            await see.until(lambda metric=metric: re.search(f"[↑↓] {metric}\\b", see.text("header")) is not None)
            await see.press("m")
        await see.shows("header", "↑ val_accuracy")


async def test_time_is_a_metric_like_any_other_on_every_view(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*["m"] * 4)
        await see.shows("header", "↓ seconds")
        await see.shows("values", "1.500")  # 12 filters
        for _ in VIEWS:
            assert "could not be drawn" not in see.text("view")
            await see.press("right_square_bracket")
        await see.press(*TO_EFFECTS)
        await see.shows("view", "filters decides")


async def test_epoch_and_collapsed_are_looked_at_the_same_way_next_time(story, open_app) -> None:
    folder = story(collapsing)
    async with open_app(folder) as see:
        await see.shows("values", "collapsed, counted")
        await see.press("B", "x", "q")
    async with open_app(folder) as see:
        await see.shows("header", "best epoch")
        await see.shows("values", "12 trainings collapsed, left out")


# The wiring check ----------------------------------------------------------------------------------------------


async def test_a_loss_that_reaches_nothing_is_told_while_it_trains(make_session, open_app) -> None:
    folder = make_session(done=3)
    async with open_app(folder) as see:
        await see.shows("header", "grid")
        assert "no effect" not in see.text("queue")
    folder = make_session("second", done=24)
    with SessionLock(folder.lock):
        async with open_app(folder) as see:
            await see.shows("queue", "loss has no effect on training: 2 values gave identical curves")


async def test_what_probes_found_is_told_before_the_first_training_has_ended(make_session, open_app) -> None:
    inert = Finding(hyperparameter="filters", verdict="nothing", values=(12, 24), steps=8)
    untold = Finding(hyperparameter="loss", verdict="untold", reason="no reason")
    folder = make_session(done=0, extra=(WiringProbed(findings=(untold, inert), probes=4, steps=32, seconds=1.0),))
    with SessionLock(folder.lock):
        async with open_app(folder) as see:
            await see.shows("queue", "filters changes nothing in 8 steps")


async def test_the_effects_view_begins_with_what_probes_found(story, open_app) -> None:
    untold = Finding(hyperparameter="loss", verdict="untold", reason="no reason")
    probed = WiringProbed(findings=(untold,), probes=2, steps=16, seconds=1.0)
    folder = story(noisy, GRID, 3, None, probed)
    async with open_app(folder) as see:
        await see.press(*TO_EFFECTS)
        await see.shows("view", "Whether loss reaches the training cannot be told: no reason.")
        assert "cannot be told" not in see.text("queue"), "no fault, so no notice"


# Odd sessions --------------------------------------------------------------------------------------------------

ONE = "learning_rate = [1e-3]"
FAILED = tuple(
    event
    for trial in (1, 2)
    for event in (
        AttemptStarted(trial=trial, replicate=1, attempt=1, seed=1, worker=1),
        AttemptEnded(trial=trial, replicate=1, attempt=1, status="failed", kind="out of memory", reason="no"),
    )
)
PAIR = "learning_rate = [1e-3, 1e-2]"
FIXED = "filters = [12]"


@pytest.mark.parametrize(
    ("grid", "replicates", "done", "extra", "words"),
    [
        (GRID, 2, 0, (), "There is no training in view yet."),
        (f"{ONE}\n{FIXED}", 3, None, (), "one trial in view"),
        (f"{ONE}\nfilters = [12, 24]", 3, None, (), "filters"),
        (f"{PAIR}\n{FIXED}", 1, 0, FAILED, "out of memory"),
        (GRID, 3, 17, (), "The grid"),
        (GRID, 2, 1, (), "one trial in view"),
    ],
    ids=["nothing finished", "one trial", "one value", "all failed", "incomplete", "first training"],
)
@pytest.mark.parametrize("size", SIZES[:2])
async def test_odd_sessions_get_words(story, open_app, size, grid, replicates, done, extra, words) -> None:
    folder = story(noisy, grid, replicates, done, *extra)
    async with open_app(folder, size) as see:
        await see.press(*TO_EFFECTS, "tab", "enter")
        if (grid, done) != (GRID, 17):
            await see.shows("view", words)
        await see.until(lambda: "Working" not in see.text("view"))
        for key in ("x", "B", "d", "n", "escape", "m", "pagedown"):
            await see.press(key)
        assert "could not be" not in see.text("view")
    output = call("effects", folder.path).output
    assert output.strip()


async def test_with_everything_out_of_view_there_are_words(story, open_app) -> None:
    async with open_app(story()) as see:
        await see.press(*TO_EFFECTS, "1", "2", "3")
        await see.shows("view", "There is no training in view yet.")


# The analyst ---------------------------------------------------------------------------------------------------


def test_asking_never_computes_and_the_same_question_is_answered_once(story) -> None:
    snapshot = read_session(story())
    seen = np.ones(len(snapshot.spec.grid), dtype=bool)
    look = Look.of(measure_of(snapshot), seen, False)
    answered = threading.Event()
    analyst = Analyst(answered.set)
    assert analyst.ask(snapshot, look) is None  # its thread has not begun: nothing is worked out here
    analyst.start()
    assert answered.wait(60)
    first = analyst.ask(snapshot, look)
    assert first is not None
    assert first.effects is not None
    assert first.effects.n == 36
    assert analyst.ask(snapshot, look) is first
    other = Look.of(measure_of(snapshot, None, "best"), seen, False)
    assert analyst.ask(snapshot, other) is first  # the last answer stands until the new one is there
    analyst.stop()
    analyst.join(60)
    assert not analyst.is_alive()


def test_an_analysis_that_fails_is_told_and_the_next_one_goes_on(story, monkeypatch) -> None:
    snapshot = read_session(story())
    look = Look.of(measure_of(snapshot), np.ones(len(snapshot.spec.grid), dtype=bool), False)
    answered = threading.Event()
    analyst = Analyst(answered.set)
    with monkeypatch.context() as broken:
        broken.setattr("hpo_tui.desk.analyst.analyse", lambda *_, **__: 1 / 0)
        analyst.start()
        analyst.ask(snapshot, look)
        assert answered.wait(60)
    found = analyst.ask(snapshot, look)
    assert found is not None
    assert found.effects is None
    assert "ZeroDivisionError" in found.failure
    analyst.stop()


# The command line ----------------------------------------------------------------------------------------------


def call(*arguments: object) -> Any:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def call_json(*arguments: object) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


def effect_of(found: Any, *factors: str) -> Any:
    return next(line for line in found["effects"] if line["factors"] == list(factors))


def test_effects_prints_words_then_tables_on_80_columns(story) -> None:
    lines = call("effects", story().path).stdout.splitlines()
    assert lines[0].startswith("learning_rate decides")
    assert max(map(len, lines)) <= 80
    header = next(number for number, line in enumerate(lines) if line.startswith("variance"))
    assert lines[header].split() == ["variance", "omega²", "df", "F", "p", "verdict"]
    assert [line.split()[0] for line in lines[header + 1 : header + 4]] == ["learning_rate", "loss", "filters"]
    assert any(line.split()[0] == "0.0001" and line.endswith("droppable") for line in lines if line.strip())


def test_effects_json_is_one_object_with_these_keys(story) -> None:
    found = call_json("effects", story().path)
    assert list(found)[:7] == ["metric", "n", "noise_sd", "effects", "values", "best", "warnings"]
    promised = ["factors", "df", "sum_sq", "F", "p", "omega_sq", "verdict"]
    more = ["p_adjusted", "p_own_noise", "noise_df", "in_ranks", "seen_difference", "seen_share"]
    assert list(found["effects"][0]) == [*promised, *more]
    assert (found["metric"], found["n"]) == ("val_accuracy", 36)
    verdicts = {"decides", "matters", "no detectable effect", "unknown"}
    assert {line["verdict"] for line in found["effects"]} <= verdicts


def test_effects_looks_as_the_options_say(story) -> None:
    folder = story(collapsing)
    whole = call_json("effects", folder.path)
    assert call_json("effects", folder.path, "--without-collapsed")["n"] == 24
    assert call_json("effects", folder.path, "--hide", "learning_rate=0.01")["n"] == 24
    assert call_json("effects", folder.path, "--where", "filters > 12")["n"] == 18
    assert call_json("effects", folder.path, "--metric", "seconds")["metric"] == "seconds"
    best = call_json("effects", folder.path, "--epoch", "best")
    assert best["best"]["mean"] == pytest.approx(whole["best"]["mean"] + 0.05)
    assert len(call_json("effects", folder.path, "--interactions", "1")["effects"]) == 3
    assert len(call_json("effects", folder.path, "--interactions", "3")["effects"]) == 7


def test_with_one_replicate_the_interactions_stand_in_for_the_noise_only_when_asked(story) -> None:
    folder = story(noisy, GRID, 1)
    assert call_json("effects", folder.path)["noise_sd"] is None
    assert call_json("effects", folder.path, "--one-replicate-noise")["noise_sd"] > 0


def test_a_metric_that_is_not_there_is_refused_with_those_that_are(story) -> None:
    result = CliRunner().invoke(cli, ["effects", str(story().path), "--metric", "f1"])
    assert result.exit_code == 2
    assert "val_accuracy, accuracy, loss, val_loss, seconds, images/s, parameters" in result.stderr


@pytest.mark.parametrize(
    ("options", "f", "p", "n"),
    [((), 0.319, 0.728, 120), (("--hide", "learning_rate=0.01"), 0.656, 0.523, 96)],
    ids=["all", "without 0.01"],
)
def test_the_papers_optimizer_has_no_detectable_effect(options, f, p, n) -> None:
    found = call_json("effects", PAPER, *options)
    line = effect_of(found, "optimizer")
    assert (line["F"], line["p"]) == (pytest.approx(f, abs=5e-4), pytest.approx(p, abs=5e-4))
    assert line["verdict"] == "no detectable effect"
    assert found["n"] == n


def test_show_says_the_epoch_and_how_many_collapsed_trainings_count(story) -> None:
    folder = story(collapsing)
    lines = call("show", folder.path).stdout.splitlines()
    assert lines[0].endswith("val_accuracy, last epoch")
    text = " ".join(" ".join(lines).split())
    assert "12 collapsed trainings counted" in text
    assert "collapsed" not in call("show", folder.path, "--hide", "learning_rate=0.01").stdout
    assert max(len(line) for line in lines if not line.startswith("Logs")) <= 80


def test_values_of_an_unbalanced_grid_are_shown_adjusted(story) -> None:
    lines = call("effects", story(noisy, GRID, 3, 34).path).stdout.splitlines()
    header = next(line for line in lines if line.startswith("values"))
    assert header.split()[-3:] == ["adjusted", "from", "best"]
    assert max(map(len, lines)) <= 80


def test_a_value_that_always_diverges_is_shown_and_droppable(story) -> None:
    gone = [
        event
        for key in SessionSpec.parse(spec_text(GRID)).grid.jobs(3)
        if key.trial > 8
        for event in (
            AttemptStarted(trial=key.trial, replicate=key.replicate, attempt=1, seed=1, worker=1),
            AttemptEnded(trial=key.trial, replicate=key.replicate, attempt=1, status="diverged", kind="nan"),
        )
    ]
    folder = story(noisy, GRID, 3, 8, *gone)
    text = call("effects", folder.path).stdout
    assert "learning_rate 0.01 has no score (all 12 diverged): it can be dropped." in " ".join(text.split())
    assert any(
        line.split() == ["0.01", "0", "–", "all", "12", "diverged", "droppable"] for line in text.splitlines()
    )


def test_show_and_effects_tell_of_a_loss_that_reaches_nothing(make_session) -> None:
    folder = make_session()
    words = "loss has no effect on training: 2 values gave identical curves"
    assert words in " ".join(call("show", folder.path).stdout.split())
    assert words in " ".join(call("effects", folder.path).stdout.split())
