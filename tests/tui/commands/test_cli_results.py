"""A person looks at results without a screen: list, show, effects, plot, export, and import back."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from places import TABLE

from hpo_core.journal.events import AttemptEnded, AttemptStarted, Noted, QueuePaused, WiringProbed
from hpo_core.plan.probes import Finding
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli
from hpo_tui.commands.plot import KINDS

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def lines_of(*arguments: str | Path) -> list[str]:
    return call(*arguments).stdout.splitlines()


def as_json(*arguments: str | Path) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


def test_list_says_how_far_and_how_good_each_session_is(make_session: MakeSession) -> None:
    make_session("whole")
    make_session("begun", done=3)
    heading, *rows = lines_of("list")
    assert heading.split() == ["session", "status", "trainings", "best", "age"]
    by_name = {row.split()[0]: " ".join(row.split()) for row in rows[:2]}
    assert by_name["whole"].startswith("whole finished 24 of 24 ↑ val_accuracy 0.9450")
    assert by_name["begun"].startswith("begun engine gone 3 of 24") or "stopped 3 of 24" in by_name["begun"]
    listed = {entry["session"]: entry for entry in as_json("list")["sessions"]}
    assert listed["whole"]["best"] == pytest.approx(0.945)
    assert (listed["begun"]["ended"], listed["begun"]["trainings"]) == (3, 24)


def test_show_says_the_answer_below_its_heading(make_session: MakeSession) -> None:
    make_session("whole")
    assert lines_of("show", "whole")[2].startswith("loss changes nothing in the training: look at the code · ")


def test_show_says_which_trial_is_handed_over_where_not_all_are_in_view(make_session: MakeSession) -> None:
    make_session("grid")
    hidden = ("learning_rate=0.0001", "learning_rate=0.01", "filters=12")
    page = lines_of("show", "grid", *(word for value in hidden for word in ("--hide", value)))
    assert "next: hpo-tui use grid --trial 6" in " ".join(" ".join(page).split())


def test_a_broken_session_does_not_hide_the_others(make_session: MakeSession) -> None:
    make_session("whole")
    make_session("broken").spec.write_text("[grid]\n")
    assert any("[data] is missing" in line for line in lines_of("list"))
    assert {entry["session"]: bool(entry["problem"]) for entry in as_json("list")["sessions"]} == {
        "whole": False,
        "broken": True,
    }


def test_show_ranks_the_trials_on_a_page_of_80_columns(make_session: MakeSession) -> None:
    make_session("grid")
    lines = lines_of("show", "grid")
    assert lines[0] == "grid  finished  ↑ val_accuracy, last epoch"
    assert lines[1].startswith("24 trainings: 24 complete")
    ranking = lines[lines.index("") + 1 :]
    assert ranking[0].split() == ["trial", "val_accuracy", "n", "learning_rate", "loss", "filters"]
    assert ranking[1].split() == ["1", "6", "0.9450", "±", "0.0071", "2/2", "0.001", "poisson", "24"]
    assert any(line.split() == ["0.001", "4", "0.9250", "±", "0.0231"] for line in lines)
    assert max(map(len, lines)) <= 80


def test_show_names_what_went_wrong(make_session: MakeSession) -> None:
    ids = {"trial": 1, "replicate": 1, "attempt": 2}
    make_session(
        "grid",
        done=0,
        extra=(
            AttemptStarted(**ids, seed=7, worker=1),
            AttemptEnded(**ids, status="failed", reason="killed \x1b[31m(SIGKILL)", kind="killed"),
            Noted(level="warning", text="1 partial record set aside"),
            QueuePaused(reason="the same failure 5 times in a row"),
        ),
    )
    page = call("show", "grid").stdout
    assert "24 trainings: 23 waiting, 1 failed" in page
    assert "trial 1 r1  failed: killed ␛[31m(SIGKILL)" in page
    assert "warning: 1 partial record set aside" in page
    assert "No trial has a result yet." in page
    assert "\x1b" not in page


def test_hiding_values_narrows_the_page_and_deletes_nothing(make_session: MakeSession) -> None:
    folder = make_session("grid")
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    lines = lines_of("show", "grid", "--hide", "learning_rate=1e-4,0.01", "--hide", "filters=12")
    assert "2 of 12 trials in view; out of view: learning_rate=0.0001, learning_rate=0.01, filters=12" in lines
    assert [
        line.split()[1] for line in lines if line.endswith(("poisson             24", "mean_squared_error  24"))
    ] == ["6", "8"]
    assert any(line.split() == ["0.01", "out", "of", "view"] for line in lines)
    assert before == {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_a_condition_narrows_the_view_too(make_session: MakeSession) -> None:
    make_session("grid")
    shown = as_json("show", "grid", "--where", "val_accuracy > 0.9 and loss = poisson")
    assert [trial["trial"] for trial in shown["trials"]] == [5, 6]
    both = as_json("show", "grid", "--where", "val_accuracy > 0.9", "--hide", "loss=poisson")
    assert [trial["trial"] for trial in both["trials"]] == [7, 8]


def test_the_trim_that_the_screen_saved_is_there_on_request(make_session: MakeSession) -> None:
    folder = make_session("grid")
    folder.view.write_text(json.dumps({"hidden": [["learning_rate", 0.01], ["filters", 12], ["gone", 1]]}))
    assert len(as_json("show", "grid")["trials"]) == 12
    assert [trial["trial"] for trial in as_json("show", "grid", "--trim", "saved")["trials"]] == [2, 4, 6, 8]
    more = as_json("show", "grid", "--trim", "saved", "--hide", "loss=poisson")
    assert [trial["trial"] for trial in more["trials"]] == [4, 8]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--hide", "rate=1"), "write NAME=VALUE, with NAME one of learning_rate, loss, filters"),
        (("--hide", "filters=13"), "filters has no value '13'; it has 12, 24."),
        (("--where", "filters >"), "Filter, character"),
        (("--where", "colour = red"), "nothing named 'colour'"),
        (("--trim", "other"), "saved"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused(
    make_session: MakeSession, options: tuple[str, ...], words: str
) -> None:
    make_session("grid")
    result = CliRunner().invoke(cli, ["show", "grid", *options])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_show_and_effects_say_what_probes_found_first(make_session: MakeSession) -> None:
    inert = Finding(hyperparameter="filters", verdict="nothing", values=(12, 24), steps=8)
    late = Finding(hyperparameter="learning_rate", verdict="late", values=(1e-4, 1e-2), steps=8)
    make_session(extra=(WiringProbed(findings=(inert, late), probes=4, steps=32, seconds=1.0),))
    said = "filters changes nothing in 8 steps: probes with 12 and 24 have the same bits."
    page = " ".join(call("show", "grid").stdout.split())
    assert f"warning: {said}" in page
    assert "note: learning_rate changes only after an epoch: until then, probes with 0.0001 and 0.01" in page
    words = " ".join(call("effects", "grid").stdout.split())
    assert words.index(said) < words.index("learning_rate decides")
    assert as_json("effects", "grid")["probes"] == {
        "learning_rate": "changes only after an epoch",
        "loss": "not probed",
        "filters": "changes nothing in 8 steps",
    }
    counts = as_json("show", "grid")["counts"]
    assert (counts["complete"], sum(counts.values())) == (24, 24), "a probe is counted nowhere"


def test_effects_say_what_matters_and_what_is_noise(make_session: MakeSession) -> None:
    make_session("grid")
    words = call("effects", "grid").stdout
    assert "learning_rate decides" in words
    assert max(map(len, words.splitlines())) <= 80
    found = as_json("effects", "grid")
    assert found["metric"] == "val_accuracy"
    verdicts = {
        effect["factors"][0]: effect["verdict"] for effect in found["effects"] if len(effect["factors"]) == 1
    }
    assert verdicts["learning_rate"] == "decides"
    assert verdicts["loss"] not in ("decides", "matters")
    assert found["best"]["trial"] in (6, 8)
    assert as_json("effects", "grid", "--metric", "accuracy", "--hide", "learning_rate=0.01")["n"] == 16
    assert as_json("effects", "grid", "--metric", "seconds", "--where", "filters = 24")["n"] == 12


def test_a_metric_that_the_session_does_not_have_is_refused(make_session: MakeSession) -> None:
    make_session("grid")
    for verb in (["effects", "grid"], ["plot", "grid", "scatter"]):
        result = CliRunner().invoke(cli, [*verb, "--metric", "f1"])
        assert result.exit_code == 2
        assert "--metric 'f1': the session has val_accuracy, accuracy, loss, val_loss, seconds." in result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_plot_is_drawn_in_its_size(make_session: MakeSession, kind: str) -> None:
    make_session("grid")
    lines = lines_of("plot", "grid", kind, "--size", "90x24")
    assert len(lines) <= 24
    assert 40 < max(map(len, lines)) <= 90
    assert any("0.001" in line or "val_accuracy" in line for line in lines)
    assert "\x1b" not in "\n".join(lines)
    spoken = lines_of("plot", "grid", kind, "--words", "--size", "90x24")
    assert spoken
    assert all(line.endswith(".") for line in spoken), "sentences"
    assert not set("".join(spoken)) & set("│─╭╮╰╯┤└┬█━"), "no rules, no boxes, no bars"


def test_a_plot_follows_the_view(make_session: MakeSession) -> None:
    make_session("grid")
    whole = call("plot", "grid", "scatter", "--size", "90x24").stdout
    trimmed = call("plot", "grid", "scatter", "--size", "90x24", "--hide", "learning_rate=0.01").stdout
    filtered = call("plot", "grid", "scatter", "--size", "90x24", "--where", "learning_rate < 0.005").stdout
    assert "0.1050" in whole
    assert "0.1050" not in trimmed
    assert "0.1050" not in filtered
    nothing = CliRunner().invoke(cli, ["plot", "grid", "scatter", "--hide", "filters=12,24"])
    assert nothing.exit_code == 2
    assert "No trial is in view" in nothing.stderr


def test_a_plot_is_written_as_svg(make_session: MakeSession, tmp_path: Path) -> None:
    make_session("grid")
    call("plot", "grid", "heatmap", "--svg", tmp_path / "a.svg")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    result = CliRunner().invoke(cli, ["plot", "grid", "heatmap", "--svg", str(tmp_path / "no" / "a.svg")])
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_export_agrees_with_show_and_comes_back_by_import(make_session: MakeSession, tmp_path: Path) -> None:
    make_session("grid")
    out = tmp_path / "out"
    said = lines_of("export", "grid", "--to", out, "--hide", "learning_rate=0.01")
    assert said[-1] == "8 trials of 12 (those in view)"
    shown = as_json("show", "grid", "--hide", "learning_rate=0.01")["trials"]

    trials = rows_of(out / "trials.csv")
    assert [int(row["trial"]) for row in trials] == [trial["trial"] for trial in shown]
    for row, trial in zip(trials, shown, strict=True):
        assert float(row["mean_val_accuracy"]) == trial["mean"]["val_accuracy"]
        assert float(row["sd_val_accuracy"]) == trial["sd"]["val_accuracy"]
    replicates = rows_of(out / "replicates.csv")
    expected = [entry["metrics"]["val_accuracy"] for trial in shown for entry in trial["replicates"]]
    assert [float(row["val_accuracy"]) for row in replicates] == expected
    assert len(rows_of(out / "epochs.csv")) == 3 * len(replicates)

    call("import", out / "epochs.csv", "--name", "back")
    back = as_json("show", "back")
    assert [trial["mean"] for trial in back["trials"]] == [trial["mean"] for trial in shown]


def test_an_export_goes_into_the_session_by_itself(make_session: MakeSession) -> None:
    folder = make_session("grid")
    call("export", "grid")
    assert {path.name for path in folder.exports.iterdir()} == {"trials.csv", "replicates.csv", "epochs.csv"}


def test_the_papers_table_is_imported_as_it_is_and_trimmed_to_its_figures() -> None:
    said = call("import", TABLE, "--name", "paper").stdout
    assert said.startswith("paper: 60 trials, 120 trainings")
    shown = as_json("show", "paper")
    assert shown["status"] == "imported"
    assert list(shown["trials"][0]["values"]) == ["learning_rate", "optimizer", "filter_size"]

    def ends(*hides: str) -> tuple[float, float]:
        options = [part for hide in hides for part in ("--hide", hide)]
        scores = [trial["mean"]["accuracy"] for trial in as_json("show", "paper", *options)["trials"]]
        return round(min(scores), 4), round(max(scores), 4)

    assert ends() == (0.0159, 0.9661)
    assert ends("learning_rate=0.01")[1] == 0.9661
    assert ends("learning_rate=0.01")[0] == pytest.approx(0.7522, abs=1e-4)
    assert ends("learning_rate=0.01,0.0001,0.005", "filter_size=12") == (0.9114, 0.9661)
