"""What the keys of the view do: which view, how it is turned, zoomed, binned, and told in words."""

from __future__ import annotations

from dataclasses import replace

from hpo_core.results.measure import metrics_of
from hpo_tui.desk import view_changes as moves
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Words


class ViewActions(DeskScreen):
    """Changes how the session is looked at."""

    def _in_view(self, view: str, does: str) -> bool:
        """Whether that view is open; a word where it is not, for what is not seen is not changed."""
        if self.state.view != view:
            self.notify(f"The {view} {does}; [ and ] go to it.", markup=False)
        return self.state.view == view

    def action_view(self, step: int) -> None:
        """Show the next or the previous view."""
        self.look(self.state.next_view(step))

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen."""
        if self.focused is not None and self.zoomed is None:
            self.zoom(self.focused.id)

    def action_back(self) -> None:
        """Step out of exactly one layer: the zoom, then what was picked, then the view's cursor."""
        if self.zoomed is not None:
            self.zoom(None)
        elif self.state.chosen:
            self.look(replace(self.state, chosen=frozenset()))
        elif self.state.trial is not None:
            self.look(replace(self.state, trial=None))

    def action_metric(self, step: int) -> None:
        """Show the next or the previous metric."""
        if self.latest is not None:
            self.look(moves.next_metric(self.state, metrics_of(self.latest.snapshot), step))

    def action_axes(self) -> None:
        """Put other hyperparameters on the axes."""
        self.look(moves.next_axes(self.state, len(self.factors)))

    def action_put_axis(self, axis: int) -> None:
        """Put the hyperparameter under the cursor on the first, second or third axis."""
        self.look(moves.put_axis(self.state, len(self.factors), axis))

    def action_reverse_sort(self) -> None:
        """Turn the order of the ranking round."""
        self.look(replace(self.state, backwards=not self.state.backwards))

    def action_flat(self) -> None:
        """Flat projection, or the box."""
        self.look(replace(self.state, flat=not self.state.flat))

    def action_log_axes(self) -> None:
        """Axes by size, or by order."""
        self.look(replace(self.state, log_axes=not self.state.log_axes))

    def action_turn(self, step: int) -> None:
        """Turn the scatter, or sort the ranking by another column."""
        if self.state.view == "ranking":
            self.look(moves.next_sort(self.state, len(self.factors), step))
        elif self._in_view("scatter", "turns"):
            self.look(moves.turn(self.state, self.factors, step, 0))

    def action_tilt(self, step: int) -> None:
        """Tilt the scatter."""
        if self._in_view("scatter", "tilts"):
            self.look(moves.turn(self.state, self.factors, 0, step))

    def action_bins(self, step: int) -> None:
        """More or fewer bins, from as many as are drawn now and no more than there is room for."""
        if self.latest is None:
            return
        pane = self.pane("view" if self.state.view == "histograms" else "histograms")
        if not pane.display and self.state.view != "histograms":
            self.notify("The histograms have bins; [ and ] go to them.", markup=False)
            return
        width = pane.content_size.width
        shown = self.desk(self.latest).bins_shown(width)
        state = moves.change_bins(replace(self.state, bins=shown), step)
        drawn = self.desk(self.latest, state).bins_shown(width)
        self.look(replace(state, bins=drawn))
        self.notify(f"{drawn} bins.", markup=False)

    def action_overlay(self) -> None:
        """Histograms as one strip for each value, or all values over each other."""
        self.look(replace(self.state, overlay=not self.state.overlay))

    def action_cumulative(self) -> None:
        """Histograms cumulative, or not."""
        self.look(replace(self.state, cumulative=not self.state.cumulative))

    def action_copy(self) -> None:
        """Copy the trial under the cursor, or what is in view in words, through the terminal (OSC 52)."""
        if self.latest is not None:
            desk = self.desk(self.latest)
            self.app.copy_to_clipboard("\n".join(desk.summary()) if desk.trial is None else desk.trial_words())
            self.notify("Copied, if the terminal allows it.", markup=False)

    def action_summary(self) -> None:
        """Say in words what is in view."""
        if self.latest is not None:
            self.app.push_screen(Words("In words", self.desk(self.latest).summary()))
