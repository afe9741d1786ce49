"""The session screen: values left, the view and the histograms right, the queue below.

Every key of ``keys.SESSION_KEYS`` is one ``action_`` in one of the parts, and nearly every action is one
move of the view state.
"""

from __future__ import annotations

from hpo_tui.screens.effects_actions import EffectsActions
from hpo_tui.screens.queue_actions import QueueActions
from hpo_tui.screens.refine_actions import RefineActions
from hpo_tui.screens.trim_actions import TrimActions
from hpo_tui.screens.view_actions import ViewActions


class SessionScreen(EffectsActions, QueueActions, RefineActions, TrimActions, ViewActions):
    """One session: what runs, what is in view, and what it says."""
