"""How the variance is shared out: a bar for each hyperparameter and each pair, with F, p and the verdict."""

from __future__ import annotations

from collections.abc import Mapping

from hpo_core.effects import Effect, Effects
from hpo_core.effects.judgement import Judgement, Word, judgements
from hpo_core.text import p_words, percent
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG
from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.rows import Row, bar, fit, padded, run
from hpo_tui.views.effects.paragraphs import NOISE, heading, name_of, paragraph

WIDE = 64
_NAME, _SHARE, _F, _P, _VERDICT = 27, 5, 7, 9, 11
_BAR = 30


def share_rows(effects: Effects, width: int) -> list[Row]:
    """Return a heading and the lines of all effects, the largest share first; in one row each where it is wide."""
    if not any(line.df for line in effects.effects):
        return []
    known = effects.noise.known
    lines = sorted(effects.effects, key=lambda line: -_share(line, known) if _share(line, known) >= 0 else 1.0)
    unit = "omega²" if known else "eta², noise included"
    rows = [heading(f"Share of the variance ({unit})", width)]
    if sum(1 for line in lines if line.p == line.p) > 1:
        rows += paragraph("p is of one test; the verdicts go by p corrected for all (Holm).", width, DIM)
    judged = judgements(effects)
    if width < WIDE:
        return [*rows, *(row for line in lines for row in _narrow(line, known, verdict_word(line, judged), width))]
    room = min(max(width_of(name_of(line)) for line in lines), _NAME)
    return [*rows, *(_wide(line, known, room, verdict_word(line, judged), width) for line in lines)]


def _share(line: Effect, known: bool) -> float:
    share = line.omega_sq if known else line.eta_sq
    return share if share == share else -1.0


_SHORT: Mapping[Word, str] = {"noise": NOISE, "together": "with others", "unwired": "no change", "unknown": ""}


def judged_word(word: Word) -> str:
    """Return what a hyperparameter is judged to be, in a few cells; "" where nothing is known."""
    return _SHORT.get(word, word)


def verdict_word(line: Effect, judged: Mapping[str, Judgement]) -> str:
    """Return the verdict on a line in a few cells: of a hyperparameter alone, what it is judged to be."""
    found = judged.get(line.factors[0]) if len(line.factors) == 1 else None
    if found is not None:
        return judged_word(found.word) or line.verdict
    return NOISE if line.verdict == "no detectable effect" else line.verdict


def _percent(share: float) -> str:
    return percent(share) if share >= 0 else "–"


def _figures(line: Effect) -> tuple[str, str]:
    if line.f != line.f:
        return "", ""
    return (f"F {line.f:.3g}" if line.f < 1e5 else "F > 1e5"), p_words(line.p)


def _wide(line: Effect, known: bool, room: int, verdict: str, width: int) -> Row:
    share = _share(line, known)
    f, p = _figures(line)
    ink = DEFAULT if line.real else DIM
    bar_width = min(width - room - _SHARE - _F - _P - _VERDICT - 8, _BAR)
    return padded(
        (
            run(f" {fit(name_of(line), room)} ", STRONG if line.real else DIM),
            *bar(max(share, 0.0), bar_width, ACCENT if line.real else DIM),
            run(f" {_percent(share):>{_SHARE}}  {f:<{_F}} {p:<{_P}} {verdict}", ink),
        ),
        width,
    )


def _narrow(line: Effect, known: bool, verdict: str, width: int) -> list[Row]:
    share = _share(line, known)
    f, p = _figures(line)
    name = fit(name_of(line), width - _SHARE - _VERDICT - 4)
    bar_width = max(width - _F - _P - 8, 4)
    ink = DEFAULT if line.real else DIM
    first = (
        run(f" {name} ", STRONG if line.real else DIM),
        run(f"{_percent(share):>{_SHARE}} {verdict:<{_VERDICT}}", ink),
    )
    second = (
        run("   "),
        *bar(max(share, 0.0), bar_width, ACCENT if line.real else DIM),
        run(f"  {f:<{_F}}  {p}", DIM),
    )
    return [padded(first, width), padded(second, width)]
