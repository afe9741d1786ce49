"""What the home screen shows: the list of sessions and what else can be done, and the chosen line in words."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from msgspec import Struct
from rich.cells import cell_len

from hpo_core.plan.metrics import WITHIN
from hpo_core.plan.spec import SessionSpec
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.desk.family import Branch
from hpo_tui.desk.sessions import WORKING, SessionCard
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, FRAME, STRONG, WARNING
from hpo_tui.look.numbers import age_text, bytes_text, metric_text, percent
from hpo_tui.plots.rows import Row, bar, fit, padded, run

_LEAD, _STATE, _AGE = 3, 2 + 11 + 2 + 2, 2 + 10
"""Cells of the cursor; of the status and the blanks around it and the next column; of the age."""

_SHORT_BAR, _LONG_BAR, _LEAST_PLACE, _LEAST_NOTE = 11, 24, 12, 32

_STATE_INK = {"training": ACCENT, "paused": WARNING, "engine gone": WARNING}


class Offer(Struct, frozen=True):
    """A line that offers something to do; ``action`` is the screen's."""

    action: str
    title: str
    words: str
    detail: str


DEMO = Offer(
    "demo",
    "Demo",
    "a small real grid on generated images, some minutes",
    "Trains a small real grid at once: 5 learning rates × 3 losses × 4 filter counts, each twice. The images of "
    "fruit are generated: it needs no data and no network. It takes some minutes; how many is measured on this "
    "machine with the first training, and stands at the top from then on. Enter or D "
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

Line = Branch | Offer


def home_lines(branches: Sequence[Branch]) -> list[Line]:
    """Return the list's lines: the sessions, then what can be begun; with no session yet, the demo first."""
    return [*branches, NEW, DEMO] if branches else [DEMO, NEW]


class Columns(Struct, frozen=True):
    """How wide the columns are, 0 for one that there is no room for; however far the sessions are."""

    name: int
    progress: int
    best: int
    size: int
    place: int
    metric: bool = False
    """Whether the best score has its metric's name."""

    @classmethod
    def fitting(cls, branches: Sequence[Branch], width: int) -> Columns:
        """Return as many columns as fit, whole: the name first; what is left over goes to the place."""
        cards = [branch.card for branch in branches]
        name = max([12, *(len(branch.lead) + cell_len(branch.card.folder.name) for branch in branches)])
        progress = max([_SHORT_BAR, *(len(_count(card, card.trainings)) for card in cards)])
        best = max([8, *(len(_best(card)) for card in cards)])
        named = max([len(clean(card.objective.metric)) for card in cards if card.objective], default=0) + 1 + best
        left = width - _LEAD - name - progress - best - _STATE - _AGE
        if left < 0:
            return cls(max(name + left, 8), progress, best, 0, 0)
        places = max((len(_place(card)) for card in cards), default=0) + 2
        size = 8 if left >= 8 else 0
        left -= size
        place = places if places > 2 and left >= places else 0
        left -= place
        metric = left >= named - best
        if metric:
            best, left = named, left - (named - best)
        wider = min(left, max(_LONG_BAR - progress, 0))
        noted = max((len(card.note) for card in cards if not _place(card)), default=0) + 2
        place = min(max(place, noted if noted > 2 else 0), place + left - wider)
        return cls(name, progress + wider, best, size, place if place >= _LEAST_PLACE else 0, metric)


def heading_row(columns: Columns, width: int) -> Row:
    """Return the heading of the columns."""
    text = f"   {'session':<{columns.name}}  {'status':<11}  {'trainings':>{columns.progress}}"
    text += f"  {'best':>{columns.best}}  {'age':>10}"
    text += f" {'size':>7}" if columns.size else ""
    text += f"  {'where, note':<{columns.place - 2}}" if columns.place else ""
    return padded((run(text, DIM),), width)


def line_row(line: Line, here: bool, marked: bool, columns: Columns, width: int) -> Row:
    """Return one line of the list; ``here`` has the cursor, ``marked`` is to be compared."""
    if isinstance(line, Offer):
        return _offer_row(line, here, columns, width)
    card = line.card
    name = (
        run("●" if marked else " ", WARNING),
        run("> " if here else "  ", ACCENT),
        run(line.lead, FRAME),
        run(fit(card.folder.name, max(columns.name - len(line.lead), 1)), STRONG if here else DEFAULT),
    )
    if card.problem:
        return padded((*name, run("  cannot be opened", WARNING)), width)
    facts = (
        run(f"  {card.state:<11}  ", _STATE_INK.get(card.state, DEFAULT)),
        *_progress(card, columns.progress),
        run(f"  {_best(card, columns.metric):>{columns.best}}"),
        run(f"  {age_text(card.age):>10}", DIM),
    )
    size = (run(f" {bytes_text(card.size):>7}", DIM),) if columns.size else ()
    words = _place(card) or (card.note if columns.place >= min(cell_len(card.note) + 2, _LEAST_NOTE) else "")
    place = (run(f"  {fit(words, columns.place - 2)}", DEFAULT if card.live else DIM),) if columns.place else ()
    return padded((*name, *facts, *size, *place), width)


def _count(card: SessionCard, ended: int) -> str:
    return f"{ended} of {card.trainings}"


def _progress(card: SessionCard, width: int) -> Row:
    if card.state not in WORKING:
        return (run(f"{_count(card, card.ended):>{width}}"),)
    count = _count(card, card.ended)
    said = f" {count}" if width >= len(count) + 1 + _SHORT_BAR // 2 else f" {percent(card.share):>4}"
    return (*bar(card.share, width - len(said)), run(said))


def _best(card: SessionCard, named: bool = False) -> str:
    """Return the best score, ``named`` with its metric."""
    if card.best is None or card.objective is None:
        return ""
    metric = f"{clean(card.objective.metric)} " if named else ""
    return f"{card.objective.arrow} {metric}{metric_text(card.best)}"


def _place(card: SessionCard) -> str:
    """Return where an engine works, as whom and on what; of another user's session, whose it is."""
    if card.live is not None:
        return f"{card.owner}@{clean(card.live.host, 24)}, {card.live.on}"
    return f"of {card.owner}" if card.foreign else ""


def _offer_row(offer: Offer, here: bool, columns: Columns, width: int) -> Row:
    return padded(
        (
            run(" > " if here else "   ", ACCENT),
            run(fit(offer.title, columns.name), STRONG if here else DEFAULT),
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


def detail_rows(line: Line | None, width: int, height: int) -> list[Row]:
    """Return the chosen line in words; where there is no room for all, what can be done is not said."""
    if line is None:
        return _wrapped("No session has these words. esc shows all.", DIM, width)
    if isinstance(line, Offer):
        return _wrapped(line.detail, DEFAULT, width)
    card = line.card
    if card.problem or card.spec is None or card.objective is None:
        return _wrapped(clean(card.problem), WARNING, width)
    better = "more" if card.objective.direction == "max" else "less"
    best = "no trial has a score yet" if card.best is None else f"best {metric_text(card.best)}"
    best = WITHIN if card.apart else best
    said = [
        (_grid_words(card.spec), STRONG),
        (f"{_data_words(card.spec)} · {clean(card.objective.metric)}, {better} is better: {best}", DEFAULT),
        (f"{_progress_words(card)} · {bytes_text(card.size)}", WARNING if card.failed else DEFAULT),
        (_engine_words(card), DEFAULT),
        (f"note: {card.note}" if card.note else "", ACCENT),
    ]
    rows = [row for words, ink in said for row in _wrapped(words, ink, width)]
    hint = _wrapped(_next_words(card), DIM, width)
    return [*rows, *hint] if len(rows) + len(hint) <= height else rows[:height]


def detail_title(line: Line | None) -> str:
    """Return what the words are about: the session's whole name, and what it came from."""
    if not isinstance(line, Branch):
        return line.title if line is not None else ""
    parent = line.card.parent
    return line.card.folder.name + (f" · refined from {clean(parent.name)}" if parent is not None else "")


def _wrapped(words: str, ink: int, width: int) -> list[Row]:
    return [padded((run(f" {text}", ink),), width) for text in wrap(words, max(width - 2, 20))]


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


def _engine_words(card: SessionCard) -> str:
    live = card.live
    if live is None:
        return f"belongs to {card.owner}" if card.foreign else ""
    on = f"{live.on}, {clean(live.gpu_name, 40)}" if live.gpu_name else live.on
    return (
        f"engine: process {live.pid} of {card.owner} on {clean(live.host, 40)}; "
        f"{plural(live.workers, 'worker')} on {on}"
    )


def _next_words(card: SessionCard) -> str:
    waiting = card.trainings - card.ended
    go_on = "" if card.state in ("training", "imported") or not waiting else f"R goes on with {waiting:,} · "
    return f"enter opens it · {go_on}c copies it · N notes a line · d deletes it"
