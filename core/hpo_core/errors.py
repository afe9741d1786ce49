"""The error tree. Every error carries one sentence for the user: what is wrong, where, and what to do.

    HpoError
    ├── SpecError          a spec that cannot be read or does not make sense
    ├── DataError          training data that is missing, empty or damaged
    ├── TableError         a table to import that is not what it should be (file, line, column)
    ├── SessionError       a session that cannot be found, created or opened
    │   └── SessionLocked  another engine works on it
    ├── ExecutorError      the machines that train are gone, all of them
    ├── JournalError       the journal cannot be written or read as a whole
    ├── FilterError        a trim or filter expression that does not parse
    └── TerminalError      a terminal that cannot show the screen

The command line prints the sentence on stderr and exits with status 2.
"""

from __future__ import annotations


class HpoError(Exception):
    """Base of every error that is meant for the user; ``str(error)`` is one whole sentence."""


class SpecError(HpoError):
    """A spec that cannot be read, or that asks for something impossible."""


class DataError(HpoError):
    """Training data that is missing, empty, too small or damaged."""


class TableError(HpoError):
    """A table that cannot be imported; names file, line and column."""


class SessionError(HpoError):
    """A session that cannot be found, created, opened or written."""


class SessionLocked(SessionError):  # noqa: N818 - a state of the session, read as "session locked"
    """Another engine holds the session's lock; says host, process and since when."""


class ExecutorError(HpoError):
    """No job can be handed out any more: what the executor works through has ended."""


class JournalError(HpoError):
    """The journal cannot be written, or is damaged beyond a partial reading."""


class FilterError(HpoError):
    """A trim or filter expression that does not parse or names something unknown."""


class TerminalError(HpoError):
    """A terminal that cannot show the screen: no terminal, dumb, or too small."""
