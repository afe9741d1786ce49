"""What the home screen shows: the list of sessions and what else can be done, and the chosen line in words."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from hpo_core.plan.metrics import WITHIN
from hpo_core.plan.spec import SessionSpec
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.desk.sessions import WORKING, SessionCard
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.look.numbers import age_text, bytes_text, metric_text, percent
from hpo_tui.plots.rows import Row, bar, fit, padded, row_width, run

NARROW = 100
"""Below this width the columns are as narrow as they can be."""

_STATE_INK = {"training": ACCENT, "paused": WARNING, "engine gone": WARNING}


@dataclass(frozen=True, slots=True)
class Offer:
    """A line that offers something to do; ``action`` is the screen's."""

    action: str
    title: str
    words: str
    detail: str


DEMO = Offer(
    "demo",
    "Demo",
    "a small real grid on generated images, about two minutes",
    "Trains a small real grid at once: 5 learning rates × 3 losses × 4 filter counts, each twice. The images of "
    "fruit are generated: it needs no data and no network, and takes about two minutes on two cores. Enter or D "
    "starts it, and shows it while it trains.",
)
NEW = Offer(
    "new_grid",
    "New grid",
    "a grid of your own: your file, your images, or generated ones",
    "A form: your own file, or the paper's network and its images; which hyperparameters are varied over which "
    "values, how often each trial is trained. It counts while you type, and launches or writes a spec file. "
    "Enter or n opens it. From the shell: hpo-tui run SPEC.toml, hpo-tui import FILE.csv.",
)

Line = SessionCard | Offer


def home_lines(cards: list[SessionCard]) -> list[Line]:
    """Return the list's lines: the sessions, then what can be begun; with no session yet, the demo first."""
    return [*cards, NEW, DEMO] if cards else [DEMO, NEW]


def heading_row(width: int) -> Row:
    """Return the heading of the columns."""
    name, progress, best = _widths(width)
    text = f"   {'session':<{name}}  {'status':<11}  {'trainings':>{progress}}  {'best':>{best}}"
    return padded((run(f"{text}  {'age':>10} {'size':>7}", DIM),), width)


def line_row(line: Line, here: bool, width: int) -> Row:
    """Return one line of the list."""
    return _offer_row(line, here, width) if isinstance(line, Offer) else card_row(line, here, width)


def card_row(card: SessionCard, here: bool, width: int) -> Row:
    """Return a session's line."""
    name_width, progress_width, best_width = _widths(width)
    name = run(fit(card.folder.name, name_width), STRONG if here else DEFAULT)
    lead = run(" > " if here else "   ", ACCENT)
    if card.problem:
        return padded((lead, name, run("  cannot be opened", WARNING)), width)
    return padded(
        (
            lead,
            name,
            run(f"  {card.state:<11}  ", _STATE_INK.get(card.state, DEFAULT)),
            *_progress(card, progress_width),
            run(f"  {_best(card, best_width):>{best_width}}"),
            run(f"  {age_text(card.age):>10} {bytes_text(card.size):>7}", DIM),
        ),
        width,
    )


def _progress(card: SessionCard, width: int) -> Row:
    count = f"{card.ended} of {card.trainings}"
    if card.state not in WORKING:
        return (run(f"{count:>{width}}"),)
    said = f" {count:>11}" if width > 20 else f" {percent(card.share):>4}"
    return (*bar(card.share, width - len(said)), run(said))


def _best(card: SessionCard, width: int) -> str:
    if card.best is None or card.objective is None:
        return ""
    score = metric_text(card.best)
    room = width - len(score) - 3
    metric = f"{fit(card.objective.metric, min(len(card.objective.metric), room))} " if room > 3 else ""
    return f"{card.objective.arrow} {metric}{score}"


def _widths(width: int) -> tuple[int, int, int]:
    """Return the widths of the name, of the progress and of the best score."""
    progress, best = (13, 8) if width < NARROW else (24, 22)
    return min(max(width - progress - best - 41, 8), 32), progress, best


def _offer_row(offer: Offer, here: bool, width: int) -> Row:
    name, *_ = _widths(width)
    return padded(
        (
            run(" > " if here else "   ", ACCENT),
            run(fit(offer.title, name), STRONG if here else DEFAULT),
            run(f"  {offer.words}", DIM),
        ),
        width,
    )


def welcome_rows(width: int) -> list[Row]:
    """Return what a first-time user reads above the offers."""
    return [
        padded((run("   No sessions here yet. Enter starts the demo; the arrow keys choose.", STRONG),), width),
        padded((), width),
    ]


def detail_rows(line: Line, width: int) -> list[Row]:
    """Return the chosen line in words."""
    if isinstance(line, Offer):
        return _wrapped(line.detail, DEFAULT, width)
    if line.problem or line.spec is None or line.objective is None:
        return _wrapped(clean(line.problem), WARNING, width)
    better = "more" if line.objective.direction == "max" else "less"
    best = "no trial has a score yet" if line.best is None else f"best {metric_text(line.best)}"
    best = WITHIN if line.apart else best
    rows: list[Row] = [
        (run(f" {_grid_words(line.spec)}", STRONG),),
        (run(f" {_data_words(line.spec)} · {clean(line.objective.metric)}, {better} is better: {best}"),),
        (run(f" {_progress_words(line)}", WARNING if line.failed else DEFAULT),),
        (run(f" {_next_words(line)}", DIM),),
    ]
    return [padded(row, width) if row_width(row) <= width else padded(_cut(row, width), width) for row in rows]


def _wrapped(words: str, ink: int, width: int) -> list[Row]:
    return [padded((run(f" {text}", ink),), width) for text in wrap(words, max(width - 2, 20))]


def _cut(row: Row, width: int) -> Row:
    text, ink = row[0]
    return (run(fit(text, width), ink),)


def _grid_words(spec: SessionSpec) -> str:
    factors = " · ".join(f"{clean(f.name, 24)} ×{len(f.values)}" for f in spec.grid.hyperparameters)
    each = f" × {spec.replicates}" if spec.replicates > 1 else ""
    return f"{plural(len(spec.grid), 'trial')}{each}: {factors}"


def _data_words(spec: SessionSpec) -> str:
    data = spec.data
    if spec.model is not None:
        return spec.model.label
    size = f" at {data.image_size[0]}×{data.image_size[1]}" if data.image_size else ""
    place = f" {clean(data.path)}" if data.path else ""
    return "imported" if data.source == "import" else f"{clean(data.source)}{place}{size}"


def _progress_words(card: SessionCard) -> str:
    words = f"{card.state}: {card.ended} of {plural(card.trainings, 'training')} ended"
    if card.failed:
        words += f", {card.failed} of them failed or diverged"
    if card.left is not None and card.state == "training":
        words += f"; {format_seconds(card.left)} left"
    return f"{words}. {clean(card.paused)}" if card.paused and card.state == "paused" else words


def _next_words(card: SessionCard) -> str:
    waiting = card.trainings - card.ended
    go_on = "" if card.state in ("training", "imported") or not waiting else f"R goes on with {waiting:,} · "
    return f"enter opens it · {go_on}c copies it as a new grid · d deletes it"
