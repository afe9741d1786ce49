"""A training's own loss ranks nothing across losses: every verb and view says so, and names no winner."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hpo_core.plan.metrics import apart_words
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import WORKLOADS
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli

SAID = "is what each training minimises, and these trials minimise different losses"
ONE = ("--hide", "loss=poisson")

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


@pytest.fixture
def by_loss(make_session: MakeSession) -> SessionFolder:
    """A session whose objective is what its trainings minimise, of two losses."""
    return make_session(objective="val_loss")


def test_show_ranks_within_each_loss(by_loss: SessionFolder) -> None:
    page = call("show", "grid")
    assert f"val_loss {SAID}" in page
    lines = CliRunner().invoke(cli, ["show", "grid"]).output.splitlines()
    start = next(n for n, line in enumerate(lines) if line.split()[:2] == ["trial", "val_loss"])
    ranked = [line.split() for line in lines[start + 1 : start + 5]]
    assert [row[0] for row in ranked] == ["1", "1", "2", "2"]
    assert len({row[7] for row in ranked[:2]}) == 2, "the best of each loss come first"
    assert "several losses" in page
    assert SAID not in call("show", "grid", *ONE)
    assert "several losses" not in call("show", "grid", *ONE)


def test_effects_judge_within_each_loss_and_not_between_them(by_loss: SessionFolder) -> None:
    page = call("effects", "grid")
    assert SAID in page
    assert "loss decides" not in page.replace("val_loss", "")
    assert "Within loss poisson:" in page
    assert "Within loss mean_squared_error:" in page
    assert "learning_rate decides" in page
    found: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["effects", "grid", "--json"]).output)
    assert any(SAID in warning for warning in found["warnings"])
    assert {line["verdict"] for line in found["effects"]} == {"unknown"}
    assert found["best"] is None
    assert set(found["within_loss"]) == {"poisson", "mean_squared_error"}
    assert all(part["best"] is not None for part in found["within_loss"].values())
    assert SAID not in call("effects", "grid", *ONE)
    assert SAID not in call("effects", "grid", "--metric", "val_accuracy")


def test_no_trial_is_the_best_of_several_losses(by_loss: SessionFolder) -> None:
    assert "val_loss: within one loss" in call("list")
    assert json.loads(CliRunner().invoke(cli, ["list", "--json"]).output)["sessions"][0]["best"] is None
    assert SAID in call("plot", "grid", "scatter")
    assert SAID in call("refine", "grid", "--name", "finer", "--dry-run")
    assert "*" not in call("refine", "grid", "--name", "finer", "--dry-run").replace("(* new value)", "")
    assert SAID not in call("refine", "grid", "--name", "finer", "--dry-run", *ONE)


async def test_the_screen_says_it_wherever_it_shows_such_a_metric(by_loss: SessionFolder, open_app: Any) -> None:
    async with open_app(by_loss) as see:
        await see.shows("header", "val_loss, last epoch, within one loss")
        await see.shows("view", "compared within one loss only; another metric compares them all")
        await see.shows("values", "compared within one loss only")
        await see.until(lambda: re.search(r"0\.0001 +8 +– ", see.text("values")) is not None)
        await see.press("m")
        await see.until(lambda: "within one loss" not in see.text("header") + see.text("view"))


@pytest.mark.parametrize(
    ("losses", "objective", "apart"),
    [
        ('["poisson", "mean_squared_error"]', "val_loss", True),
        ('["poisson"]', "val_loss", False),
        ('["poisson", "mean_squared_error"]', "val_crossentropy", False),
        ('["poisson", "mean_squared_error"]', "val_accuracy", False),
    ],
)
def test_run_says_it_before_the_first_training(losses: str, objective: str, apart: bool) -> None:
    grid = f"[grid]\nloss = {losses}\nfilters = [12, 24]"
    spec = SessionSpec.parse(f'[data]\nsource = "fruit"\n{grid}\n[session]\nobjective = "{objective}"')
    assert spec.losses_apart is apart
    assert "val_crossentropy compares them all" in apart_words("val_loss", WORKLOADS[spec.workload].metrics)


@pytest.mark.parametrize(
    ("grid", "objective", "said"),
    [
        (
            "label_smoothing = [0, 0.1]\nl2 = [0, 0.1]",
            "val_loss",
            "losses by label_smoothing and l2: they",
        ),
        ("l2 = [0, 0.1]", "val_accuracy", ""),
        ("l2 = [0.1]", "val_loss", ""),
        ("filters = [12, 24]", "val_loss", ""),
    ],
)
def test_what_is_part_of_the_loss_makes_losses_differ(grid: str, objective: str, said: str) -> None:
    spec = SessionSpec.parse(f'[data]\nsource = "fruit"\n[grid]\n{grid}\n[session]\nobjective = "{objective}"')
    assert spec.losses_apart is bool(said)
    assert not said or said in apart_words(objective, WORKLOADS[spec.workload].metrics, spec.loss_holds)


def test_a_weight_penalty_is_ranked_and_judged_within_each_of_its_values(make_session: MakeSession) -> None:
    make_session(objective="val_loss", losses="l2 = [0, 0.1]")
    page = call("show", "grid")
    assert "val_loss is what each training minimises, and these trials minimise different losses by l2" in page
    assert "several losses" in page
    page = call("effects", "grid")
    assert "Within l2 0:" in page
    assert "Within l2 0.1:" in page
    found: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["effects", "grid", "--json"]).output)
    assert found["best"] is None
    assert set(found["within_loss"]) == {"l2 0", "l2 0.1"}
    assert "different losses" not in call("show", "grid", "--hide", "l2=0")


async def test_two_parts_of_a_loss_make_four_losses(make_session: MakeSession, open_app: Any) -> None:
    folder = make_session(objective="val_loss", losses='loss = ["poisson", "mean_squared_error"]\nl2 = [0, 0.1]')
    found: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["effects", "grid", "--json"]).output)
    losses = {f"{loss}, l2 {l2}" for loss in ("poisson", "mean_squared_error") for l2 in ("0", "0.1")}
    assert set(found["within_loss"]) == losses
    async with open_app(folder) as see:
        await see.shows("histograms", "0.1 · poisson")
        await see.press("right_square_bracket")
        await see.until(lambda: "With loss and l2 on the axes" in " ".join(see.text("view").split()))
        await see.press("pagedown", "o")
        await see.until(lambda: "With loss and l2" not in " ".join(see.text("view").split()))


async def test_no_picture_takes_a_mean_over_several_losses(by_loss: SessionFolder, open_app: Any) -> None:
    async with open_app(by_loss) as see:
        await see.shows("histograms", "poisson")
        assert "learning_rate" not in see.text("histograms")
        await see.press("right_square_bracket")
        await see.shows("view", "mean over filters")
        await see.press("c", "c")
        await see.shows("view", "With loss on an axis")
        await see.press("pagedown", "o")
        await see.shows("view", "mean over loss")
        await see.shows("histograms", "learning_rate")


async def test_the_next_grid_says_why_nothing_is_finer(by_loss: SessionFolder, open_app: Any) -> None:
    async with open_app(by_loss) as see:
        await see.shows("header", "val_loss")
        await see.press("r")
        await see.until(lambda: "RefineScreen" in type(see.app.screen).__name__)
        shown = " ".join(str(line.render()) for line in see.app.screen.query("Static"))
        assert "No trial in view has a score yet" not in shown
