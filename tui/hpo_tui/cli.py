"""The command line's composition root: the verbs, loaded when they are called, and how errors are told.

Exit status: 0 done, 1 the work failed, 2 the call was wrong (one sentence on stderr), 130 interrupted.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from hpo_core.errors import HpoError
from hpo_core.text import clean
from hpo_tui.commands.ascii_output import write_ascii
from hpo_tui.commands.options import common_options

WORK_FAILED, CALL_WRONG, INTERRUPTED = 1, 2, 130

VERBS = {
    "demo": ("demo:demo", "Train a small real grid on generated fruit images, at once."),
    "new": ("new:new", "Write a spec for a file of your own: print it, or save it."),
    "run": ("run:run", "Train the grid of a spec, in the background, and show it."),
    "open": ("screen:open_session", "Open a session on the screen."),
    "list": ("listing:list_sessions", "List the sessions."),
    "show": ("show:show", "Print progress, ranking and failures of a session on one page."),
    "effects": ("effects:effects", "Say which hyperparameters matter, and which differences are noise."),
    "compare": ("compare:compare", "Rank the trials of several sessions together."),
    "plot": ("plot:plot", "Draw a session's results as text or SVG, or say them in words."),
    "export": ("exchange:export_session", "Write a session's results as CSV files, or in another format."),
    "use": ("use:use", "Write a trial as a folder that works without hpo-tui."),
    "import": ("exchange:import_file", "Make a session of a table of results."),
    "refine": ("refine:refine", "Make the next grid from what a trim left, and train it."),
    "pause": ("steer:pause", "Start no further training; those running go on to their end."),
    "resume": ("steer:resume", "Go on with the queue; start an engine where none runs."),
    "stop": ("steer:stop", "Stop the training of a session; every result is kept."),
    "repair": ("repair:repair_session", "Say what of a session is damaged, set it aside, keep the rest."),
    "note": ("housekeeping:note", "Note a line on a session, or print what was noted."),
    "rename": ("housekeeping:rename", "Give a session another name."),
    "delete": ("housekeeping:delete", "Move a session to the trash, or empty the trash."),
    "doctor": ("doctor:doctor", "Say what this machine has: TensorFlow, GPUs, terminal, disk."),
}
"""Each verb: where its command stands, and its line in ``hpo-tui --help``."""


class Verbs(click.Group):
    """The group of all verbs: imports a verb's module when it is called, and ends every call with a status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of a person's work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a verb's command, or None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(f"hpo_tui.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs' lines without importing one of them: help is there at once."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a reader who has seen enough (``| head``) is no error."""
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
            return outcome
        except BrokenPipeError:
            _silence_output()
            return 0

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line and leave with its exit status."""
        _survive_narrow_encodings()
        _survive_closed_streams()
        try:
            outcome = super().main(args, prog_name, **{**extra, "standalone_mode": False})
        except click.ClickException as error:
            _tell(_usage_sentence(error))
            sys.exit(CALL_WRONG)
        except HpoError as error:
            _tell(str(error))
            sys.exit(CALL_WRONG)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        except OSError as error:
            where = f": {clean(error.filename, 160)}" if error.filename else ""
            _tell(f"{clean(error.strerror or error)}{where}.")
            sys.exit(CALL_WRONG if error.errno == errno.ENAMETOOLONG else WORK_FAILED)
        sys.exit(outcome if isinstance(outcome, int) else 0)


def _tell(sentence: str) -> None:
    click.echo(f"hpo-tui: {sentence}", err=True)


def _usage_sentence(error: click.ClickException) -> str:
    """Return click's message as one line, with the help to ask for."""
    message = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} See '{context.command_path} --help'." if context else message


def _survive_narrow_encodings() -> None:
    """Where the terminal or pipe cannot encode every character, all that is written is ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdout, io.TextIOWrapper) and not codecs.lookup(sys.stdout.encoding).name.startswith("utf"):
        write_ascii()


def _survive_closed_streams() -> None:
    """Where stdin, stdout or stderr is closed, it is nowhere: no other file may come to stand under its number."""
    for fd, name, way in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_RDWR), fd)
            setattr(sys, name, open(os.devnull, way, encoding="utf-8"))  # noqa: SIM115, PTH123


def _silence_output() -> None:
    """The reader of our output has left (``| head``): let the interpreter's last flush go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


@click.command(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hpo-tui", message="hpo-tui %(version)s")
@common_options
@click.pass_context
def cli(context: click.Context) -> None:
    """The trimming desk for hyperparameter grids.

    Declare a grid, watch it train, trim away the values that lose, refine what is left. Without a verb: home,
    with the sessions here, a new grid and the demo.

    SESSION is a session's name, or a path to its folder.
    """
    if context.invoked_subcommand is None:
        importlib.import_module("hpo_tui.commands.screen").home(context.obj)


def main() -> NoReturn:
    """The entry point of the command ``hpo-tui``."""
    # read when numpy is imported: more threads spin against the workers for the cores, and gain nothing here
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    cli.main(prog_name="hpo-tui")
