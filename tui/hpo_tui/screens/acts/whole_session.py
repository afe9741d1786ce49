"""What is done with the session as a whole: the next grid, the CSVs, its keys, leaving it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hpo_core.errors import HpoError, SessionError
from hpo_core.refine.proposal import propose
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import can_collapse
from hpo_core.results.trim import Trim
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.look.numbers import trial_words
from hpo_tui.panes.key_words import COLLAPSE, SIGNS, help_places
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import export_choice, leave_choice, use_choice
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.messages import WantRefine


def refine(screen: DeskScreen) -> None:
    """Propose a finer grid from what the trim and the filter line leave, to be edited and launched."""
    if screen.latest is None or (desk := screen.desk()) is None:
        return
    if screen.orders.read_only:
        screen.say("The session is open read-only; open it without --read-only to refine it.")
        return
    snapshot, state = screen.latest.snapshot, screen.state
    try:
        seen = in_view(snapshot, state.trim)
        proposal = propose(screen.folder.name, snapshot, seen, effects=desk.by_objective)
    except HpoError as error:
        screen.say(str(error), "error")
    else:
        if proposal.apart:
            screen.say(proposal.apart, "warning")
        screen.post_message(WantRefine(proposal))


def export(screen: DeskScreen) -> None:
    """Export the CSVs; ask which trials, where not all are in view."""
    trim, read_only = screen.state.trim, screen.orders.read_only

    def written(answer: str | None) -> None:
        if answer is not None:
            whole = Trim() if answer == "all" else trim
            screen.do(lambda update: _export(screen.folder, update, whole, read_only))

    seen = in_view(screen.latest.snapshot, trim) if screen.latest is not None else None
    if seen is None or read_only or seen.all():
        written("seen")
    else:
        screen.app.push_screen(export_choice(int(seen.sum()), len(seen)), written)


def _export(folder: SessionFolder, update: Update, trim: Trim, read_only: bool) -> str:
    """Write the three CSVs; say where. Raises ``SessionError``."""
    from hpo_core.interop.export import export as write

    if read_only:
        raise SessionError("The session is open read-only; hpo-tui export --to DIR writes elsewhere.")
    mask = in_view(update.snapshot, trim)
    names = [path.name for path in write(update.snapshot, folder.exports, mask)]
    seen, whole = int(mask.sum()), len(mask)
    rows = (
        f"all {plural(whole, 'trial')}" if seen == whole else f"the {seen:,} of {plural(whole, 'trial')} in view"
    )
    here = folder.exports.is_relative_to(Path.cwd())
    place = folder.exports.relative_to(Path.cwd()) if here else folder.exports
    return f"Exported {rows} in {plural(len(names), 'file')} to {clean(place)}: {', '.join(names)}."


def use(screen: DeskScreen) -> None:
    """Write the best trial in view as a folder that works without hpo-tui; ask where another is under the cursor.

    The best is the one that the line below the header names, as long as that is by the objective.
    """
    if (desk := screen.desk()) is None:
        return
    if screen.orders.read_only:
        screen.say("The session is open read-only; hpo-tui use --to DIR writes elsewhere.")
        return

    def tell(sentence: str) -> None:
        screen.app.call_from_thread(screen.say, sentence)

    def chosen(answer: str | None) -> None:
        if answer is not None:
            screen.do(lambda update: _use(screen.folder, update, int(answer), tell))

    try:
        best = _best(desk)
    except HpoError as error:  # there is no best of all, but there may be one under the cursor
        if desk.trial is None:
            screen.say(str(error), "error")
            return
        best = desk.trial
    if desk.trial in (None, best) or not desk.snapshot.spec.trainable:
        chosen(str(best))
    else:
        grid, metric = desk.snapshot.spec.grid, desk.snapshot.spec.objective.metric
        asked = ((best, f"the best by {clean(metric)}"), (desk.trial, "under the cursor"))
        screen.app.push_screen(
            use_choice([(number, f"{which}: {trial_words(grid[number].values)}") for number, which in asked]),
            chosen,
        )


def _best(desk: Desk) -> int:
    """The best trial as the screen has named it, else as the results stand. Raises ``SessionError``."""
    from hpo_core.handover.folder import best_trial

    found = desk.by_objective
    if found is not None and found.best is not None:
        return found.best.best.trial
    return best_trial(desk.snapshot, desk.table.in_view)


def _use(folder: SessionFolder, update: Update, number: int, tell: Callable[[str], None]) -> str:
    from hpo_core.handover.folder import default_folder, hand_over

    place = default_folder(folder, number)
    names = (place, *(place.with_name(f"{place.name}-{again}") for again in range(2, 1000)))
    try:
        made = hand_over(folder, update.snapshot, number, next(path for path in names if not path.exists()), tell)
    except OSError as error:
        raise SessionError(f"Trial {number} cannot be written: {error.strerror or error}.") from None
    return f"Trial {number} is in {clean(made.folder)}: {', '.join(made.files)}. {made.sentences[0]}"


def show_keys(screen: DeskScreen) -> None:
    """Show the keys, those of the pane with the focus and of the view first."""
    places = help_places(screen.focused_pane, screen.state)
    keys, signs = screen.KEYS, SIGNS
    if screen.latest is not None and not can_collapse(screen.latest.snapshot):
        keys = tuple(key for key in keys if COLLAPSE not in key.help)
        signs = tuple((sign, said) for sign, said in signs if COLLAPSE not in sign + said)
    screen.app.push_screen(HelpScreen(keys, places, signs))


def leave(screen: DeskScreen) -> None:
    """Leave; ask what becomes of the training, if one is under way."""
    update = screen.latest
    if update is None or not update.engine_alive or update.snapshot.finished or screen.orders.read_only:
        screen.app.exit()
        return

    def answered(answer: str | None) -> None:
        if answer is None:
            return
        if answer != "leave":
            try:
                screen.orders.stop(now=answer == "stop")
            except HpoError as error:  # the person asked for the end: they are not sent away without it
                screen.notify(str(error), severity="error", timeout=30, markup=False)
                return
        screen.app.exit()

    screen.app.push_screen(leave_choice(), answered)
