"""``list``: the sessions here, the one last worked on first."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click
from msgspec.structs import asdict

from hpo_core.text import clean
from hpo_tui.commands.options import common_options, json_option, path_in_words, print_json
from hpo_tui.desk.sessions import SessionCard, session_cards
from hpo_tui.look.numbers import age_text, bytes_text, metric_text
from hpo_tui.look.tables import PAGE_WIDTH

NAME_WIDTH = 28


@click.command("list")
@json_option
@common_options
@click.pass_obj
def list_sessions(sessions: Path, as_json: bool) -> None:
    """List the sessions.

    The one last worked on first: what it does, how far it is, its best score, its age.
    """
    cards = session_cards(sessions)
    if as_json:
        print_json({"sessions": [as_object(card) for card in cards]})
    elif cards:
        click.echo("\n".join(table(cards)))
    else:
        click.echo(f"No sessions in {path_in_words(sessions)}; 'hpo-tui demo' makes one.")


def table(cards: list[SessionCard]) -> list[str]:
    """Return the sessions as aligned lines with a heading."""
    width = min(max(7, *(len(card.folder.name) for card in cards)), NAME_WIDTH)
    lines = [f"{'session':<{width}}  {'status':<11}  {'trainings':>13}  {'best':<30}  {'age':>10}"]
    for card in cards:
        name = f"{clean(card.folder.name, NAME_WIDTH):<{width}}"
        if card.problem:
            lines.append(f"{name}  {clean(card.problem)}")
            continue
        best = "–"
        if card.best is not None and card.objective is not None:
            best = f"{card.objective.arrow} {clean(card.objective.metric, 20)} {metric_text(card.best)}"
        elif card.apart and card.objective is not None:
            best = f"{clean(card.objective.metric, 12)}: within one loss"
        done = f"{card.ended} of {card.trainings}"
        lines.append(f"{name}  {card.state:<11}  {done:>13}  {best:<30}  {age_text(card.age):>10}")
        if card.paused and card.state == "paused":
            lines.append(f"{'':<{width}}  {clean(card.paused)}")
        came = f"refined from {clean(card.parent.name)}" if card.parent else ""
        noted = f"note: {card.note}" if card.note else ""
        for said in filter(None, (came, noted)):
            lines += textwrap.wrap(said, PAGE_WIDTH, initial_indent="  ", subsequent_indent="  ")
    size = sum(card.size for card in cards)
    return [*lines, "", f"{len(cards)} in all, {bytes_text(size)} on the disk"]


def as_object(card: SessionCard) -> dict[str, Any]:
    """Return a session as a JSON object; ages in seconds, sizes in bytes."""
    return {
        "session": card.folder.name,
        "path": str(card.folder.path.absolute()),
        "status": card.state or None,
        "ended": card.ended,
        "trainings": card.trainings,
        "objective": card.objective.metric if card.objective else None,
        "direction": card.objective.direction if card.objective else None,
        "best": card.best,
        "age": round(card.age, 1),
        "bytes": card.size,
        "problem": card.problem or None,
        "paused": card.paused or None,
        "parent": card.parent.name if card.parent else None,
        "note": card.note or None,
        "owner": card.owner or None,
        "engine": None if card.live is None else asdict(card.live),
    }
