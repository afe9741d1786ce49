"""What is noise is judged once: the answer, the marks beside the values and the next grid never contradict."""

from __future__ import annotations

import pytest
from places import PAPER

from hpo_core.effects.answer import SoFar, answer
from hpo_core.refine.proposal import propose
from hpo_core.results.analysis import analyse_session
from hpo_core.results.in_view import in_view
from hpo_core.results.levels import levels_of
from hpo_core.results.measure import measure_of
from hpo_core.results.trim import Trim
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.panes.value_marks import marks_of


@pytest.mark.parametrize("without_collapsed", [False, True])
@pytest.mark.parametrize("hidden", [(), (1e-2,), (1e-2, 1e-4)])
def test_what_the_line_calls_noise_is_marked_so_and_fixed_in_the_next_grid_and_nothing_else_is(
    hidden: tuple[float, ...], without_collapsed: bool
) -> None:
    snapshot = read_session(SessionFolder(PAPER))
    seen = in_view(snapshot, Trim().hide("learning_rate", *hidden))
    levels = levels_of(snapshot.spec.grid)
    effects = analyse_session(snapshot, measure_of(snapshot), seen, without_collapsed=without_collapsed)
    texts = " ".join(part.texts[0] for part in answer(effects, SoFar(120, 120)) if part.kind == "noise")
    noise = {factor.name for factor in levels if factor.name in texts}
    marks = marks_of(effects, levels)
    marked = {levels[place].name for place, word in marks.verdicts.items() if "noise" in word}
    proposal = propose("paper", snapshot, seen, effects=effects)
    assert noise == marked == {factor.name for factor in proposal.factors if len(factor.values) == 1} != set()
    assert 1 < proposal.trials < len(snapshot.spec.grid)
    assert proposal.best == (effects.best.best.trial if effects.best else None)


def test_what_only_the_collapsed_trainings_hide_goes_on_being_varied() -> None:
    snapshot = read_session(SessionFolder(PAPER))
    effects = analyse_session(snapshot, measure_of(snapshot))
    factors = snapshot.spec.grid.hyperparameters
    assert "filter_size matters once" in " ".join(part.texts[0] for part in answer(effects, SoFar(120, 120)))
    verdicts = marks_of(effects, levels_of(snapshot.spec.grid)).verdicts
    assert {factors[place].name: word for place, word in verdicts.items()} == {
        "learning_rate": "decides",
        "optimizer": "≈ noise",
        "filter_size": "unsure",
    }
    proposal = propose("paper", snapshot)
    assert (proposal.trials, proposal.saved_words()) == (24, "36 trials of 60 saved, 60%")
