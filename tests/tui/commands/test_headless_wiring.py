"""A grid that trains without a screen tells of a hyperparameter that reaches nothing, once, while it trains."""

from __future__ import annotations

from hpo_core.journal.events import WiringProbed
from hpo_core.plan.probes import Finding
from hpo_core.session.opening import read_session
from hpo_tui.commands.headless import follow_to_end
from hpo_tui.commands.wiring_watch import WiringWatch


def test_a_fault_is_told_once_and_not_before_two_trainings_can_be_compared(make_session) -> None:
    watch = WiringWatch()
    assert watch.news(read_session(make_session("first", done=2))) == []
    (said,) = watch.news(read_session(make_session("second", done=3)))
    assert said.startswith("loss has no effect on training so far, with learning_rate 0.0001 and filters 12: 2")
    assert watch.news(read_session(make_session("third"))) == []


def test_what_probes_find_is_told_before_a_training_has_ended(make_session) -> None:
    inert = Finding(hyperparameter="filters", verdict="nothing", values=(12, 24), steps=8)
    late = Finding(hyperparameter="loss", verdict="late", values=("poisson", "mean_squared_error"), steps=8)
    probed = WiringProbed(findings=(inert, late), probes=4, steps=32, seconds=1.0)
    watch = WiringWatch()
    snapshot = read_session(make_session(done=0, extra=(probed,)))
    (said,) = watch.news(snapshot)
    assert said.startswith("filters changes nothing in 8 steps")
    assert watch.news(snapshot) == []


def test_run_without_a_screen_prints_it(make_session, capsys) -> None:
    follow_to_end(make_session())
    assert "filters" in capsys.readouterr().out  # the ranking, as ever


def test_what_is_found_while_it_is_followed_is_printed(make_session, capsys, monkeypatch) -> None:
    folder = make_session()
    whole = read_session(folder)
    news = []
    monkeypatch.setattr(
        WiringWatch, "news", lambda self, snapshot: news.append(snapshot) or ["loss does nothing."]
    )

    class Reader:
        def __init__(self, _: object) -> None:
            self.polls = 0

        def poll(self) -> bool:
            self.polls += 1
            return self.polls == 2

        def snapshot(self) -> object:
            return whole

    monkeypatch.setattr("hpo_tui.commands.headless.SessionReader", Reader)
    follow_to_end(folder)
    assert len(news) == 1
    assert "warning: loss does nothing." in capsys.readouterr().out
