"""What is done with the findings: drop what loses, queue what would tell, take collapsed trainings out."""

from __future__ import annotations

from msgspec.structs import replace

from hpo_core.results.measure import can_collapse
from hpo_core.text import plural
from hpo_tui.desk.analyst import Terms, terms_words
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Choice
from hpo_tui.views.effects.advice import WORKING, drop_losers, missing_replicates, replicates_words


def drop_values(screen: DeskScreen) -> None:
    """Take every value that is worse than the best beyond noise out of view."""
    if (desk := screen.desk()) is not None:
        screen.look_and_say(*drop_losers(desk))


def tell_apart(screen: DeskScreen) -> None:
    """Offer to queue the replicates that would tell the best trial from the second."""
    desk = screen.desk()
    if desk is None or (effects := desk.effects) is None:
        screen.say(WORKING)
        return
    jobs = missing_replicates(effects, desk.snapshot)
    said = replicates_words(effects, jobs)
    if not desk.snapshot.spec.trainable:
        said += " This session was imported: it has nothing to train on."
        jobs = []
    if not jobs:
        screen.say(said)
        return
    start = "" if desk.update.engine_alive else " and start an engine"
    answers = [("all", f"Queue {plural(len(jobs), 'training')}{start}")]
    if len(jobs) > 2:
        answers.append(("first", f"Queue one more replicate of each{start}"))
    answers.append(("none", "Leave it"))

    def answered(answer: str | None) -> None:
        if answer in ("all", "first"):
            wanted = jobs if answer == "all" else jobs[:2]
            screen.do(lambda update: screen.orders.queue(update, wanted, "to tell the best trial from the second"))

    screen.app.push_screen(Choice("Best and second", said, answers), answered)


def leave_out_collapsed(screen: DeskScreen) -> None:
    """Take collapsed trainings out of everything that is shown, or count them again."""
    if screen.latest is not None and not can_collapse(screen.latest.snapshot):
        screen.say("Nothing here can collapse: there is no accuracy.")
        return
    out = not screen.state.without_collapsed
    screen.look(replace(screen.state, trim=screen.state.trim.leaving_out_collapsed(out)))
    desk = screen.desk()
    if desk is None or not desk.collapsed:
        screen.say("No training in view has collapsed.")


def toggle_three(screen: DeskScreen) -> None:
    """Test what three hyperparameters do together too, or two only."""
    terms = screen.analyst.terms
    _on_terms(screen, replace(terms, interactions=3 if terms.interactions == 2 else 2))


def toggle_noise(screen: DeskScreen) -> None:
    """Take the highest interactions as the noise where every trial has one replicate, or none."""
    terms = screen.analyst.terms
    _on_terms(screen, replace(terms, one_replicate_noise=not terms.one_replicate_noise))


def _on_terms(screen: DeskScreen, terms: Terms) -> None:
    screen.analyst.set_terms(terms)
    screen.say(terms_words(terms))
    screen.show_answer()
