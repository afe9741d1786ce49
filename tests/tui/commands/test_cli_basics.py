"""The command line as a whole: help, version, what a wrong call gets, how fast it is there."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from places import PAPER

from hpo_core.errors import SessionError
from hpo_tui.cli import VERBS, cli


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def command_of(verb: str) -> click.Command:
    module, name = VERBS[verb][0].split(":")
    command = getattr(importlib.import_module(f"hpo_tui.commands.{module}"), name)
    assert isinstance(command, click.Command)
    return command


def test_help_names_every_verb_with_a_line(runner: CliRunner) -> None:
    result = runner.invoke(cli, ["--help"])
    assert result.exit_code == 0
    for verb, (_, line) in VERBS.items():
        assert any(row.split() == [verb, *line.split()] for row in result.stdout.splitlines()), verb


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_helps_in_the_words_of_the_overview(runner: CliRunner, verb: str) -> None:
    assert command_of(verb).name == verb
    assert (command_of(verb).help or "").splitlines()[0] == VERBS[verb][1]
    result = runner.invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


def test_version_is_one_line(runner: CliRunner) -> None:
    assert runner.invoke(cli, ["--version"]).stdout.startswith("hpo-tui 0.")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["trian"], "No such command 'trian'"),
        (["show"], "Missing argument"),
        (["show", "--frobnicate"], "No such option"),
        (["show", "nowhere"], "There is no session 'nowhere'"),
        (["run", "x.toml", "--workers", "0"], "--workers"),
        (["run", "x.toml", "--workload", "magic"], "magic"),
        (["run", "x.toml", "--trainer", "magic"], "magic"),
        (["import"], "FILE"),
        (["--sessions"], "--sessions"),
    ],
)
def test_a_wrong_call_gets_one_line_and_status_2(runner: CliRunner, call: list[str], words: str) -> None:
    result = runner.invoke(cli, call)
    assert result.exit_code == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("hpo-tui: ")
    assert words in line


def test_the_screen_needs_a_terminal_and_says_what_does_not(runner: CliRunner) -> None:
    result = runner.invoke(cli, [])
    assert result.exit_code == 2
    assert "--headless" in result.stderr


def test_the_sessions_folder_stands_before_or_after_the_verb(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for call in (["--sessions", str(tmp_path / "mine"), "list"], ["list", "--sessions", str(tmp_path / "mine")]):
        result = runner.invoke(cli, call)
        assert result.exit_code == 0
        assert f"No sessions in {tmp_path / 'mine'}" in result.stdout
    assert json.loads(runner.invoke(cli, ["list", "--json"]).stdout) == {"sessions": []}


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (SessionError("That is so."), 2, "hpo-tui: That is so.\n"),
        (OSError(28, "No space left on device", "a.csv"), 1, "hpo-tui: No space left on device: a.csv.\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_every_error_ends_in_a_status_and_never_in_a_traceback(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, said: str
) -> None:
    def fail(_: object) -> None:
        raise error

    silenced: list[bool] = []
    monkeypatch.setattr("hpo_tui.cli._silence_output", lambda: silenced.append(True))
    monkeypatch.setattr("hpo_tui.commands.listing.session_cards", fail)
    result = runner.invoke(cli, ["list"])
    assert (result.exit_code, result.stderr) == (status, said)
    assert bool(silenced) is isinstance(error, BrokenPipeError)


def drawn(runner: CliRunner, *call: str) -> str:
    result = runner.invoke(cli, [*call, "--sessions", str(PAPER.parent)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "call",
    [*(("plot", "paper", kind) for kind in ("scatter", "histogram", "heatmap", "parallel", "ranking")),
     ("show", "paper"), ("effects", "paper"), ("list",)],
)  # fmt: skip
def test_ascii_before_or_after_the_verb_writes_ascii_alone(runner: CliRunner, call: tuple[str, ...]) -> None:
    assert not drawn(runner, *call).isascii()
    text = drawn(runner, "--ascii", *call)
    assert text.isascii()
    assert "?" not in text
    if call[0] == "plot":
        assert drawn(runner, *call, "--ascii") == text


def test_ascii_keeps_apart_what_means_different_things(runner: CliRunner) -> None:
    assert "0.9661 +-0.0023" in drawn(runner, "--ascii", "show", "paper")


def test_a_ranking_on_paper_names_no_keys(runner: CliRunner) -> None:
    text = drawn(runner, "plot", "paper", "ranking", "--size", "100x12")
    assert len(text.splitlines()) == 12
    assert "sort" not in text


def test_an_empty_folder_says_how_to_begin(runner: CliRunner, tmp_path: Path) -> None:
    said = runner.invoke(cli, ["show", "paper", "--sessions", str(tmp_path)]).stderr
    assert said.rstrip().endswith("it has no sessions yet; hpo-tui demo makes one.")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "open"])
def test_every_verb_takes_ascii_and_the_sessions_folder(verb: str) -> None:
    options = {name for parameter in command_of(verb).params for name in parameter.opts}
    assert {"--ascii", "--sessions"} <= options
