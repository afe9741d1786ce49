"""What is done at home to keep sessions in order: a note, another name, the trash and its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.screen import Screen

from hpo_core.errors import HpoError
from hpo_core.session import moving
from hpo_core.session.note import LONGEST, write_note
from hpo_core.text import clean, plural
from hpo_tui.desk.sessions import SessionCard
from hpo_tui.look.numbers import bytes_text
from hpo_tui.screens.dialogs import Ask, Choice

Home = Screen[None]
Done = Callable[[], object]
"""Called once something has changed."""


def note(screen: Home, card: SessionCard, done: Done) -> None:
    """Ask for the session's note, and keep it."""
    words = f"One line on {card.folder.name}, at most {LONGEST} characters; none takes it away."
    _ask(screen, Ask("Note", words, card.note), lambda text: write_note(card.folder, text) and "", done)


def rename(screen: Home, card: SessionCard, done: Done) -> None:
    """Ask for another name, and give it."""

    def renamed(name: str) -> str:
        moving.rename(card.folder, name)
        return f"{card.folder.name} is {name} now."

    _ask(screen, Ask("Rename", f"Another name for {card.folder.name}:", card.folder.name), renamed, done)


def delete(screen: Home, card: SessionCard, done: Done) -> None:
    """Move the session to the trash, after asking."""
    question = Choice(
        "Delete",
        f"Move the session {card.folder.name} with all its results and logs to the trash beside it?",
        [("keep", "Keep it"), ("delete", "Move it to the trash")],
    )

    def thrown(_: str) -> str:
        moving.throw_away(card.folder)
        return f"{card.folder.name} is in the trash; E deletes for good all that is there."

    _ask(screen, question, thrown, done, only="delete")


def empty_trash(screen: Home, sessions: Path, done: Done) -> None:
    """Delete for good what is in the trash of a folder of sessions, after asking.

    It is counted in a thread: a large one takes a while.
    """

    def counted() -> None:
        screen.app.call_from_thread(_ask_to_empty, screen, sessions, *moving.in_trash(sessions), done)

    screen.run_worker(counted, thread=True, group="keeping")


def _ask_to_empty(screen: Home, sessions: Path, count: int, size: int, done: Done) -> None:
    if not count:
        screen.notify("The trash is empty.", markup=False)
        return
    question = Choice(
        "Empty the trash",
        f"Delete {plural(count, 'session')} ({bytes_text(size)}) in {clean(sessions / moving.TRASH)} for good? "
        "Their results cannot be brought back.",
        [("keep", "Keep them"), ("delete", f"Delete {plural(count, 'session')} for good")],
    )

    def emptied(_: str) -> str:
        return f"{plural(moving.empty_trash(sessions), 'session')} deleted for good."

    _ask(screen, question, emptied, done, only="delete")


def _ask(screen: Home, question: Choice | Ask, act: Callable[[str], str], done: Done, only: str = "") -> None:
    """Ask; with an answer (``only`` with this one) act, in a thread, and say what came of it."""

    def acted(answer: str) -> None:
        say = partial(screen.app.call_from_thread, screen.notify, markup=False)
        try:
            if said := act(answer):
                say(said)
        except (HpoError, OSError) as error:
            say(str(error), severity="error")
        screen.app.call_from_thread(done)

    def answered(answer: str | None) -> None:
        if answer is not None and (not only or answer == only):
            screen.run_worker(partial(acted, answer), thread=True, group="keeping")

    screen.app.push_screen(question, answered)
