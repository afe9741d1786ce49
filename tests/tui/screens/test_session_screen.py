"""The session screen, used by keyboard: what a person sees after each key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from taken_orders import take_orders
from textual.containers import VerticalScroll
from textual.widgets import Static

from hpo_core.journal.events import AttemptEnded, AttemptStarted, PauseQueue, QueueJobs, StopSession
from hpo_core.journal.lock import SessionLock
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.status import LiveStatus, RunningJob, write_status
from hpo_core.session.store import create
from hpo_tui.desk.follower import Follower
from hpo_tui.look.inks import CURSOR
from hpo_tui.screens import desk_screen
from hpo_tui.screens.messages import OpenSession
from hpo_tui.screens.session_keys import SESSION_KEYS
from hpo_tui.views import VIEWS
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.too_small import TooSmall

SIZES = [(80, 24), pytest.param((100, 30), marks=pytest.mark.long), (120, 40), (200, 60)]
TO_RANKING = ["right_square_bracket"] * [view.name for view in VIEWS].index("ranking")


def cursor_cell(pane: CellPane) -> tuple[int, int]:
    """The column and the row of a pane's content where the trial under the cursor is drawn."""
    for y, row in enumerate(pane.rows):
        x = 0
        for text, ink in row:
            if ink == CURSOR:
                return x + len(text) - len(text.lstrip()), y
            x += len(text)
    raise AssertionError("no point is under the cursor")


async def test_a_session_says_at_once_that_it_is_read(make_session, open_app, monkeypatch) -> None:
    monkeypatch.setattr(Follower, "start", lambda follower: None)  # as slow as can be
    async with open_app() as see:
        see.app.post_message(OpenSession(make_session()))
        await see.shows("header", "grid  reading…")


async def test_a_terminal_made_too_small_says_what_it_needs_and_goes_on_when_it_grows(
    make_session, open_app
) -> None:
    async with open_app(make_session(), size=(80, 24)) as see:
        cover = see.app.screen.query_one(TooSmall)
        await see.press("tab")
        assert not cover.display
        await see.pilot.resize_terminal(40, 12)
        await see.until(lambda: cover.display)
        assert "60 × 16" in str(cover.render())
        assert "40 × 12" in str(cover.render())
        assert cover.size == (40, 12)
        await see.pilot.resize_terminal(80, 24)
        await see.until(lambda: not cover.display)
        assert see.app.screen.focused_pane == "view"


@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_shows_its_facts_at_every_size(make_session, open_app, size) -> None:
    async with open_app(make_session(), size) as see:
        await see.shows("header", "finished 24 of 24")
        assert "val_accuracy" in see.text("header")
        assert "12 of 12" in see.text("values")
        assert "0.0001" in see.text("values")
        assert "scatter" in see.text("view")
        assert "24 done" in see.text("queue")
        assert "keys" in see.text("footer")


async def test_a_digit_takes_a_value_out_of_view_and_the_legend_rescales(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.shows("view", "0.1050")  # learning rate 0.01, 12 filters, mean of two replicates
        await see.press("3")
        await see.shows("values", "8 of 12 trials in view")
        await see.shows("view", "0.6050")
        assert "0.1050" not in see.text("view")
        assert "worst 0.1050 → 0.6050" in see.text("values")
        assert "best 0.9450 unchanged" in see.text("values")
        assert "○ 0.01" in see.text("values")  # still listed


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_answer_is_in_view_at_once_and_follows_the_trim(make_session, open_app, size) -> None:
    async with open_app(make_session(), size) as see:
        await see.shows("answer", "learning_rate decides")
        assert "loss changes nothing" in see.text("answer")  # both train alike here, to the last bit
        assert "best: trial" in see.text("answer")
        await see.shows("answer", "D: drop")
        await see.press("D")  # what it offers, it does: the losing learning rates go
        await see.until(lambda: "learning_rate" not in see.text("answer"))
        assert "best: trial" in see.text("answer")


async def test_before_a_training_has_ended_the_answer_says_so(make_session, open_app) -> None:
    async with open_app(make_session(done=0)) as see:
        await see.shows("answer", "no training has ended")


async def test_undo_and_redo_walk_through_every_trim(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("3", "1")
        await see.shows("values", "4 of 12")
        await see.press("u")
        await see.shows("values", "8 of 12")
        await see.press("u")
        await see.shows("values", "12 of 12")
        await see.press("u")
        await see.shows("values", "12 of 12")
        await see.press("ctrl+r", "ctrl+r")
        await see.shows("values", "4 of 12")


async def test_only_invert_and_all_work_on_the_hyperparameter_under_the_cursor(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("down", "o")  # only learning rate 0.001
        await see.shows("values", "4 of 12")
        await see.press("i")
        await see.shows("values", "8 of 12")
        await see.press("a")
        await see.shows("values", "12 of 12")
        await see.press("pagedown", "space")  # the first loss
        await see.shows("values", "6 of 12")
        await see.press("A")
        await see.shows("values", "12 of 12")


async def test_the_means_beside_the_values_are_those_of_the_trainings_in_view(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        # learning rate 0.001: 12 filters (0.90 + 0.91) / 2, 24 filters (0.94 + 0.95) / 2, for both losses
        await see.shows("values", "8 .9250 ± ")
        await see.press("pagedown", "pagedown", "1")  # take 12 filters out
        await see.shows("values", "4 .9450 ± ")


async def test_brackets_walk_through_the_views_and_enter_zooms(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        for view in VIEWS:
            await see.shows("view", f"[{view.title[:4]}")
            assert "could not be drawn" not in see.text("view")
            await see.press("right_square_bracket")
        await see.shows("view", f"[{VIEWS[0].title[:4]}")
        await see.press("tab", "enter")
        assert not see.app.screen.query_one("#values").display
        assert see.app.screen.query_one("#view").outer_size.width == 120
        await see.press("escape")
        assert see.app.screen.query_one("#values").display


async def test_the_ranking_lists_the_best_trial_first(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press(*TO_RANKING)
        await see.shows("view", "[rank")
        first = see.text("view").splitlines()[3]
        assert "0.9450" in first
        assert "24" in first
        await see.press("tab", "enter")
        await see.shows("view", "v turn it round · each curve on its own scale")


async def test_m_shows_another_metric_and_turns_better_round(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("m", "m")
        await see.shows("header", "↓ loss")
        await see.press("pagedown", "space")  # one loss alone: only within it are they compared
        await see.shows("values", "worst 0.8950")  # the highest loss


async def test_a_keys_echo_waits_for_no_pane_that_is_drawn_in_its_turn(
    make_session, open_app, monkeypatch
) -> None:
    async with open_app(make_session()) as see:
        await see.shows("values", ">1 ●")
        await see.shows("answer", "learning_rate")  # found by the analyst: what it brings is drawn in turn
        screen = see.app.screen
        monkeypatch.setattr(desk_screen, "TURN_SECONDS", 3600.0)
        screen._draw_in_turn()
        await see.pilot.press("j")
        while ">2 ●" not in see.text("values"):
            await see.pilot.pause()
        assert screen._in_turn


async def test_the_trim_and_the_view_are_there_again_next_time(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as see:
        await see.press("3", "right_square_bracket")
        await see.press("q")
    async with open_app(folder) as see:
        await see.shows("values", "8 of 12")
        assert "[heat" in see.text("view")


async def test_the_help_names_every_key_at_one_sight_then_in_sentences_and_escape_closes_it(
    make_session, open_app
) -> None:
    async with open_app(make_session(), size=(80, 24)) as see:
        await see.press("question_mark")
        assert type(see.app.screen).__name__ == "HelpScreen"
        brief = see.app.screen.query_one(Static)
        words = {key.shown: key.brief for key in reversed(SESSION_KEYS) if not key.only}
        assert all(re.search(rf"{re.escape(key)} +{word}", str(brief.content)) for key, word in words.items())
        assert see.app.screen.query_one(VerticalScroll).max_scroll_y == 0
        await see.press("question_mark")
        assert "the value under the cursor in or out of view" in str(brief.content)
        assert see.app.screen.query_one(VerticalScroll).max_scroll_y > 0
        await see.press("escape")
        assert type(see.app.screen).__name__ == "SessionScreen"


async def test_a_regression_is_told_nothing_of_collapse(sessions, open_app) -> None:
    model = '[model]\ncommand = "train {units}"\n[grid]\nunits = [1, 2]\n[session]\nobjective = "val_mae"'
    folder = create(sessions, "mine", SessionSpec.parse(model))
    async with open_app(folder) as see:
        await see.press("question_mark", "question_mark")
        keys = str(see.app.screen.query_one(Static).content)
        assert "next and previous metric" in keys
        assert not re.search(r"collaps|accuracy|images\b", keys)
        await see.press("escape", "x")
        assert [note.message for note in see.app._notifications] == [
            "Nothing here can collapse: there is no accuracy."
        ]


async def test_t_says_in_words_what_is_in_view(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("t")
        await see.until(lambda: type(see.app.screen).__name__ == "Words")
        words = str(see.app.screen.query_one("Static").content)
        assert "1. 0.9450" in words
        assert "learning_rate: 0.0001 0.6250 over 8 trainings" in words


async def test_e_exports_the_three_tables(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as see:
        await see.press("e")
        names = ["epochs.csv", "replicates.csv", "trials.csv"]
        await see.until(lambda: sorted(path.name for path in folder.exports.glob("*.csv")) == names)


async def test_e_asks_which_trials_where_some_are_out_of_view(make_session, open_app) -> None:
    folder = make_session()
    async with open_app(folder) as see:
        await see.press("1", "e")
        await see.until(lambda: type(see.app.screen).__name__ == "Choice")
        assert "leaves 8 of 12 trials in view" in str(see.app.screen.query_one(".words").content)
        await see.press("down", "enter")
        await see.until(lambda: (folder.exports / "trials.csv").is_file())
        await see.until(lambda: any("Exported all 12 trials" in note.message for note in see.app._notifications))
        assert len((folder.exports / "trials.csv").read_text().splitlines()) == 13


async def test_running_jobs_show_their_progress(make_session, open_app) -> None:
    folder = make_session(done=4, extra=(AttemptStarted(trial=5, replicate=1, attempt=1, seed=1, worker=1),))
    job = RunningJob(5, 1, 1, 1, "train", 2, 3, 9, 40, {"accuracy": 0.912}, 0.0, 12.0)
    with SessionLock(folder.lock):
        write_status(folder.status, LiveStatus(1, 1, 0.0, 2, 2, (job,)))
        async with open_app(folder) as see:
            await see.shows("header", "measuring the time")
            write_status(folder.status, LiveStatus(1, 1, 0.0, 2, 2, (job,), eta=58.0, speed=30.0))
            await see.shows("header", "0:58 left")
            await see.shows("queue", "epoch 2/3")
            row = next(line for line in see.text("queue").splitlines() if "epoch 2/3" in line)
            assert "0.001 · poisson · 12 · r1" in row
            assert "batch  9/40" in row
            assert "0.9120" in row
            assert "0:12 left" in row
            assert "19 waiting" in see.text("queue")


async def test_p_orders_a_pause_and_q_offers_to_leave_or_to_stop(make_session, open_app) -> None:
    folder = make_session(done=4)
    with SessionLock(folder.lock):
        async with open_app(folder) as see:
            await see.shows("header", "training")
            await see.press("p")
            await see.until(lambda: any(folder.control.iterdir()))
            assert take_orders(folder.control) == ([PauseQueue()], [])
            await see.press("q")
            await see.until(lambda: type(see.app.screen).__name__ == "Choice")
            await see.press("down", "down", "enter")
            await see.until(lambda: any(folder.control.iterdir()))
            assert take_orders(folder.control) == ([StopSession(now=True)], [])


async def test_an_engine_that_is_gone_is_said_with_the_key_that_restarts_it(make_session, open_app) -> None:
    async with open_app(make_session(done=4)) as see:
        await see.shows("queue", "The engine is gone; R starts it again")
        assert "engine gone" in see.text("header")


async def test_a_session_that_has_just_begun_says_what_will_come(make_session, open_app) -> None:
    async with open_app(make_session(done=0)) as see:
        await see.shows("view", "The first finished trials appear here.")


async def test_a_view_with_everything_trimmed_says_how_to_get_it_back(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("1", "2", "3")
        await see.shows("view", "No trial is in view")


@pytest.mark.fault(15)
async def test_damage_in_the_journal_is_named(make_session, open_app) -> None:
    folder = make_session()
    journal = folder.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"epoch":2', b'"epoch":7')
    journal.write_bytes(b"".join(lines))
    async with open_app(folder) as see:
        await see.shows("queue", "1 damaged journal record left out: journal.jsonl, line 4")


@pytest.mark.fault(9)
async def test_read_only_gives_no_order_and_writes_nothing(make_session, open_app) -> None:
    folder = make_session(done=4)
    before = sorted(path.name for path in folder.path.rglob("*"))
    async with open_app(folder, read_only=True) as see:
        await see.press("p", "R", "e", "3", "q")
    assert sorted(path.name for path in folder.path.rglob("*")) == before


async def test_ascii_only_shows_seven_bit_characters(make_session, open_app) -> None:
    async with open_app(make_session(), ascii_only=True) as see:
        await see.shows("values", "12 of 12")
        pane = see.app.screen.query_one("#view")
        drawn = "".join(strip.text for strip in (pane.render_line(y) for y in range(pane.content_size.height)))
        assert drawn.isascii()


async def test_home_lists_the_sessions_and_opens_one(make_session, open_app) -> None:
    make_session("first")
    make_session("second", done=4)
    async with open_app() as see:
        await see.shows("sessions", "first")
        assert "24 of 24" in see.text("sessions")
        assert "val_accuracy 0.9450" in see.text("sessions")
        await see.press("enter")
        await see.until(lambda: type(see.app.screen).__name__ == "SessionScreen")
        await see.shows("header", "of 24")
        await see.press("h")
        await see.shows("sessions", "second")


async def test_home_deletes_a_session_only_when_told_twice(make_session, open_app, sessions: Path) -> None:
    make_session("first")
    async with open_app() as see:
        await see.shows("sessions", "first")
        await see.press("d", "enter")
        assert (sessions / "first").exists()
        await see.press("d", "down", "enter")
        await see.until(lambda: not (sessions / "first").exists())


async def test_hostile_text_in_a_failure_is_shown_literally(make_session, open_app) -> None:
    begun = AttemptStarted(trial=5, replicate=1, attempt=1, seed=1, worker=1)
    reason = "[@click=app.exit]press[/] \x1b]0;owned\x07 [/]"
    ended = AttemptEnded(trial=5, replicate=1, attempt=1, status="failed", reason=reason)
    async with open_app(make_session(done=4, extra=(begun, ended))) as see:
        await see.shows("queue", "[@click=app.exit]press[/] ␛]0;owned␇ [/]")


async def test_the_filter_line_is_live_and_escape_restores(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("slash")
        await see.pilot.press(*"filters=24")
        await see.shows("values", "6 of 12")
        await see.press("space")
        await see.pilot.press(*"and")
        assert "6 of 12" in see.text("values")  # half a line keeps the last one that could be read
        await see.press("escape")
        await see.shows("values", "12 of 12")
        await see.press("slash")
        await see.pilot.press(*"val_accuracy>0.9")
        await see.press("enter")
        await see.shows("values", "4 of 12")
        assert "/ val_accuracy>0.9" in see.text("values")
        await see.press("A")
        await see.shows("values", "12 of 12")


async def test_a_trial_under_the_cursor_is_described_dropped_and_brought_back(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("tab", "down")
        await see.shows("view", "0.9450")
        assert " · 0.001 · poisson" in see.text("view")
        await see.press("d")
        await see.shows("values", "11 of 12")
        await see.press("w")  # all that is worse than the one now under the cursor, the second best
        await see.shows("values", "1 of 12")
        await see.press("u", "u")
        await see.shows("values", "12 of 12")


async def test_a_click_on_a_value_a_trial_or_a_job_does_what_the_keys_do(make_session, open_app) -> None:
    async with open_app(make_session(done=4)) as see:
        await see.shows("values", "● 0.01 ")
        line = next(n for n, row in enumerate(see.text("values").splitlines()[2:]) if "● 0.01 " in row)
        await see.pilot.click("#values", offset=(6, line + 1))
        await see.shows("values", "8 of 12")
        await see.press("u", *TO_RANKING)
        await see.shows("view", "[rank")
        await see.pilot.click("#view", offset=(10, 3))  # below the frame and the heading: the second place
        await see.until(lambda: see.app.screen.state.trial == 4)
        await see.pilot.click("#queue", offset=(10, 3))
        await see.until(lambda: see.app.screen.state.job == 2)
        assert see.app.screen.focused.id == "queue"


async def test_a_click_on_a_point_of_the_scatter_describes_its_trial(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("tab", "down")  # the best trial, as the keys find it
        await see.shows("view", "0.9450")
        told = see.text("view").splitlines()[1]
        at = cursor_cell(see.app.screen.query_one("#view", CellPane))
        await see.press("down", "down")
        await see.until(lambda: see.text("view").splitlines()[1] != told)
        await see.pilot.click("#view", offset=(at[0] + 1, at[1] + 1))
        await see.until(lambda: see.text("view").splitlines()[1] == told)


async def test_one_way_back_for_values_trials_the_filter_line_and_collapsed_trainings(
    make_session, open_app
) -> None:
    async with open_app(make_session()) as see:
        await see.press("3")
        await see.shows("values", "8 of 12")
        await see.press("slash", *"filters>12", "enter")
        await see.shows("values", "4 of 12")
        await see.press("A")
        await see.shows("values", "12 of 12")
        await see.press("u")
        await see.shows("values", "4 of 12")
        await see.press("u")
        await see.shows("values", "8 of 12")
        await see.press("ctrl+r")
        await see.shows("values", "4 of 12")
        await see.press("slash", *" or trial=1", "escape")
        await see.shows("values", "4 of 12")
        await see.press("u", "u", "u")
        await see.shows("values", "12 of 12")
        await see.until(lambda: "There is nothing to undo." in notices(see))


async def test_the_cursor_stays_on_its_trial_however_the_ranking_is_sorted(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press(*TO_RANKING, "tab", "down", "down")
        await see.until(lambda: see.app.screen.state.trial == 8)
        await see.press("right", "right", "right")
        await see.shows("view", "loss▾")
        assert see.app.screen.state.trial == 8
        line = next(row for row in see.text("view").splitlines() if row.startswith(">"))
        assert line.split()[:3] == [">", "7", "8"]
        await see.press("d")
        await see.until(lambda: see.app.screen.state.trial not in (8, None))
        await see.shows("values", "11 of 12")


async def test_a_narrow_ranking_names_every_column_and_the_edge_says_every_value(make_session, open_app) -> None:
    async with open_app(make_session(), (80, 24)) as see:
        await see.press(*TO_RANKING, "tab", "down")
        await see.shows("view", "trial 6 · 0.001")
        _, edge, heading, *rows = see.text("view").splitlines()
        assert edge.endswith("· 24")
        assert heading.rstrip().endswith(("…", "filters"))
        assert rows[-1].rstrip().endswith("turn round")


async def test_any_pane_takes_the_whole_screen(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        for pane in ("values", "view", "queue"):
            await see.until(lambda pane=pane: see.app.screen.focused_pane == pane)
            await see.press("enter")
            await see.until(
                lambda pane=pane: see.app.screen.query_one(f"#{pane}").size == (118, 35)
            )  # header, answer and footer stay
            await see.press("escape")
            await see.until(lambda: see.app.screen.query_one("#view").size.width < 118)
            await see.press("tab")


async def test_any_two_hyperparameters_can_be_put_on_the_axes(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("Y")
        await see.until(lambda: see.app.screen.state.axes == (1, 0, 2))
        await see.press("pagedown", "pagedown")
        await see.press("X")
        await see.until(lambda: see.app.screen.state.axes == (2, 0, 1))
        await see.press("right_square_bracket")
        await see.shows("view", "[heat")
        await see.until(lambda: see.text("view").splitlines()[2].startswith("learning_rate"))


async def test_slicing_walks_through_single_values(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("greater_than_sign")
        await see.shows("values", "● 0.0001")
        await see.shows("values", "4 of 12")
        await see.press("greater_than_sign")
        await see.until(lambda: "● 0.001 " in see.text("values") and "○ 0.0001" in see.text("values"))


async def test_jobs_are_picked_stopped_and_repeated_from_the_queue(make_session, open_app) -> None:
    begun = AttemptStarted(trial=5, replicate=1, attempt=1, seed=1, worker=1)
    ended = AttemptEnded(trial=5, replicate=1, attempt=1, status="failed", reason="killed")
    folder = make_session(done=4, extra=(begun, ended))
    with SessionLock(folder.lock):
        async with open_app(folder) as see:
            await see.shows("header", "training")
            await see.press("tab", "tab", "space", "down", "space", "down", "space", "s")
            await see.until(lambda: len(list(folder.control.iterdir())) == 2)
            orders, _ = take_orders(folder.control)
            assert {(order.trial, order.replicate) for order in orders} == {
                (6, 1),
                (7, 1),
            }  # the failed one has ended
            await see.press("y")
            await see.until(lambda: any(folder.control.iterdir()))
            assert take_orders(folder.control)[0] == [QueueJobs(jobs=((5, 1),), reason="queued again")]


async def test_a_finished_queue_lists_its_trainings_and_has_nothing_to_stop(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.shows("queue", "24 done")
        await see.until(
            lambda: len(see.text("queue").splitlines()) == 3
        )  # nothing trains: its last line is enough
        await see.press("tab", "tab", "enter")
        await see.until(lambda: len(see.text("queue").splitlines()) > 6)
        rows = see.text("queue").splitlines()[2:7]
        assert [row.lstrip("> ").split()[0] for row in rows] == ["12", "11", "10", "9", "8"]  # the newest first
        assert all("r2" in row and "complete" in row and "val_accuracy 0." in row for row in rows)
        assert rows[0].startswith(">")
        await see.press("s")
        await see.until(lambda: "trial 12 r2 has ended already." in notices(see))


def notices(see) -> str:
    return "\n".join(notice.message for notice in see.app._notifications)


@pytest.mark.fault(1)
async def test_the_log_of_a_failed_training_is_one_key_away(make_session, open_app) -> None:
    begun = AttemptStarted(trial=5, replicate=1, attempt=1, seed=1, worker=1)
    ended = AttemptEnded(trial=5, replicate=1, attempt=1, status="failed", reason="killed")
    folder = make_session(done=4, extra=(begun, ended))
    folder.log_of(JobKey(5, 1), 1).write_text("out of patience\x1b[2J\n")
    async with open_app(folder) as see:
        await see.press("tab", "tab", "down", "L")
        await see.until(lambda: type(see.app.screen).__name__ == "LogScreen")
        assert "out of patience␛[2J" in str(see.app.screen.query_one("Static").content)
