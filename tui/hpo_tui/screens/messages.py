"""The messages inside the screen: what the follower's thread says to it, and which screen a person wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from hpo_core.plan.spec import SessionSpec
    from hpo_core.refine.proposal import Proposal
    from hpo_core.session.paths import SessionFolder
    from hpo_tui.desk.follower import Update
    from hpo_tui.forms.own_form import OwnForm


class Updated(Message):
    """The session changed; only the newest of these counts."""

    def __init__(self, update: Update) -> None:
        super().__init__()
        self.update = update

    def can_replace(self, message: Message) -> bool:
        """Whether this message makes an earlier one needless: yes, if that is an update too."""
        return isinstance(message, Updated)


class Analysed(Message):
    """There is a new answer to what matters and what is noise."""

    def can_replace(self, message: Message) -> bool:
        """Whether this message makes an earlier one needless: yes, if it says the same."""
        return isinstance(message, Analysed)


class FollowFailed(Message):
    """The session cannot be followed any more; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class OpenSession(Message):
    """The person wants to see this session."""

    def __init__(self, folder: SessionFolder) -> None:
        super().__init__()
        self.folder = folder


class WantRefine(Message):
    """The person wants to edit and launch this next grid."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self.proposal = proposal


class WantGrid(Message):
    """The person wants to fill in a new grid: a copy of ``base`` as ``name``, or a fresh one."""

    def __init__(self, base: SessionSpec | None = None, name: str = "grid") -> None:
        super().__init__()
        self.base = base
        self.name = name


class WantOwnGrid(Message):
    """The person wants to fill in a new grid of their own training; ``copied`` is the session it begins as."""

    def __init__(self, own: OwnForm, name: str, copied: SessionFolder | None = None) -> None:
        super().__init__()
        self.own = own
        self.name = name
        self.copied = copied
