"""The README says only what is so: its tables are those of the code, its spec parses, its commands exist."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.spec import SessionSpec
from hpo_tui.cli import VERBS
from hpo_tui.look.keys import Key, help_groups
from hpo_tui.screens.compare_keys import COMPARE_KEYS
from hpo_tui.screens.home_keys import HOME_KEYS
from hpo_tui.screens.session_keys import SESSION_KEYS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def between(text: str, name: str) -> str:
    return text.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]


def key_table(keys: tuple[Key, ...], title: str) -> str:
    lines = [f"| {title} | |", "|---|---|"]
    for group, entries in help_groups(keys):
        lines.append(f"| **{group}** | |")
        lines += [f"| `{entry.shown}` | {entry.help} |" for entry in entries]
    return "\n".join(lines) + "\n"


def written_keys() -> str:
    tables = ((SESSION_KEYS, "a session"), (HOME_KEYS, "home"), (COMPARE_KEYS, "compared sessions"))
    return "\n".join(key_table(keys, title) for keys, title in tables)


def written_hyperparameters() -> str:
    rows = ["| hyperparameter | default | meaning |\n|---|---|---|\n"]
    rows += [f"| `{known.name}` | {known.default_words} | {known.meaning} |\n" for known in KNOWN.values()]
    return "".join(rows)


def rewrite() -> None:
    """Write both tables into the README: ``python tests/test_readme.py``."""
    text = README.read_text(encoding="utf-8")
    for name, table in (("keys", written_keys()), ("hyperparameters", written_hyperparameters())):
        head, rest = text.split(f"<!-- {name} -->\n")
        text = f"{head}<!-- {name} -->\n{table}<!-- /{name} -->" + rest.split(f"<!-- /{name} -->")[1]
    README.write_text(text, encoding="utf-8")


def test_the_tables_of_keys_and_hyperparameters_are_those_of_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    assert between(text, "keys") == written_keys()
    assert between(text, "hyperparameters") == written_hyperparameters()


def test_the_spec_in_the_readme_is_a_spec() -> None:
    spec = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert spec is not None
    assert len(SessionSpec.parse(spec[1]).grid) == 60


def test_the_notebooks_lines_run_on_the_papers_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("HPO_TUI_SESSIONS")
    lines = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert lines is not None
    *before, by_rate, by_epoch, effects, trimmed = lines[1].splitlines()
    told: dict[str, Any] = {}
    exec("\n".join(before), told)
    assert eval(by_rate, told).loc[0.001, "mean"] == pytest.approx(0.9401, abs=1e-4)
    assert eval(by_epoch, told).shape == (120, 1)
    assert eval(effects, told).loc["learning_rate", "verdict"] == "decides"
    assert eval(trimmed, told).shape == (6, 5)


def test_every_verb_stands_in_the_readme_and_no_other() -> None:
    table = README.read_text(encoding="utf-8").split("## Command line")[1].split("## Promises")[0]
    named = set(re.findall(r"`hpo-tui (\w+)", table)) | set(re.findall(r"`(resume|stop)", table))
    assert named == set(VERBS)


def test_its_pictures_are_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / picture).is_file(), picture


def test_its_test_command_is_the_one_that_is_run_for_every_change() -> None:
    assert "python -m pytest" in README.read_text(encoding="utf-8")
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "python -m pytest" in script.read_text(encoding="utf-8")


if __name__ == "__main__":
    rewrite()
