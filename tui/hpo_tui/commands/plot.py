"""``plot``: a session's results as a picture in text, as an SVG file, or in words."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import click
from msgspec.structs import replace

from hpo_core.errors import FilterError, SessionError
from hpo_core.journal.files import write_atomically
from hpo_core.results.loss_groups import apart_words
from hpo_core.results.measure import measure_of
from hpo_core.text import clean
from hpo_tui.commands.options import common_options, path_in_words, wants_ascii
from hpo_tui.commands.view_options import View, chosen_metric, in_view
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.desk.view_file import load_view
from hpo_tui.views import VIEWS

KINDS = {view.kind: view for view in VIEWS if view.kind}
"""What the command line calls a picture, and the view that draws it."""

DEFAULT_SIZE = (100, 30)
SMALLEST, LARGEST = (20, 8), 1000


def _parse_size(context: click.Context, parameter: click.Parameter, given: str | None) -> tuple[int, int] | None:
    """Return (columns, rows) of COLUMNSxROWS."""
    if given is None:
        return None
    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", given)
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (SMALLEST[0] <= columns <= LARGEST and SMALLEST[1] <= rows <= LARGEST):
        sentence = f"{clean(given, 40)!r}: give COLUMNSxROWS, from 20x8 to 1000x1000, such as 120x40."
        raise click.BadParameter(sentence, context, parameter)
    return columns, rows


@click.command()
@in_view
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--metric", metavar="M", help="Another metric than the objective's.")
@click.option("--size", callback=_parse_size, metavar="120x40", help="Columns and rows (else the terminal's).")
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path), help="Write an SVG file instead.")
@click.option("--light", is_flag=True, help="Colours for a light ground.")
@click.option("--words", is_flag=True, help="Say the picture in sentences instead.")
@common_options
def plot(
    view: View,
    kind: str,
    metric: str | None,
    size: tuple[int, int] | None,
    svg: Path | None,
    light: bool,
    words: bool,
) -> None:
    """Draw a session's results as text or SVG, or say them in words.

    Axes and projection are those last used on the screen.
    """
    from hpo_tui.look.theme import colour_depth, palette
    from hpo_tui.plots.output import to_ansi, to_plain, to_svg

    name = chosen_metric(view.snapshot, metric)
    desk = _desk(view, name)
    if words:
        if svg is not None:
            raise click.UsageError("--words says what --svg draws: give one of them.")
        for sentence in KINDS[kind].told(desk):
            click.echo(sentence)
        return
    picture = KINDS[kind].plotted(desk, *(size or _terminal_size()))
    if apart := apart_words(view.snapshot, measure_of(view.snapshot, name), view.mask):
        click.echo(apart, err=True)
    theme = "light" if light else "dark"
    colours = colour_depth(os.environ) if sys.stdout.isatty() else 0
    if svg is not None:
        _write(svg, to_svg(picture, palette(theme), f"{view.folder.name}: {kind}"))
        click.echo(path_in_words(svg))
    elif colours:
        click.echo(to_ansi(picture, palette(theme, colours)))
    else:
        click.echo(to_plain(picture))


def _desk(view: View, metric: str) -> Desk:
    """Return what is in view as the screen would have it. Raises ``HpoError`` where nothing is."""
    if not len(view.mask):
        raise SessionError(f"{view.folder.name} has no trial yet: its plan adds them while it trains.")
    if not view.mask.any():
        raise FilterError("No trial is in view, so there is nothing to draw; hide fewer values.")
    saved = load_view(view.folder.view, view.snapshot.spec.grid)
    state = replace(saved, trim=view.trim, metric=metric, epoch="last")
    update = Update(view.snapshot, None, view.engine_runs)
    return Desk(view.folder.name, update, state, ascii_only=wants_ascii())


def _terminal_size() -> tuple[int, int]:
    if not sys.stdout.isatty():
        return DEFAULT_SIZE
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    return max(columns, SMALLEST[0]), max(rows - 2, SMALLEST[1])


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise SessionError(f"{clean(path)} cannot be written: {error.strerror}.") from None
