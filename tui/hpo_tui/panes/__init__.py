"""One file a pane of the session's screen, and what stands in it; here they are listed, from the top down."""

from __future__ import annotations

from collections.abc import Mapping

from hpo_tui.panes.answer_line import AnswerLine
from hpo_tui.panes.header import Header
from hpo_tui.panes.histograms_pane import HistogramsPane
from hpo_tui.panes.pane import Pane
from hpo_tui.panes.queue_pane import QueuePane
from hpo_tui.panes.values_pane import ValuesPane
from hpo_tui.panes.view_pane import ViewPane

PANES: Mapping[str, Pane] = {
    pane.name: pane for pane in (Header(), AnswerLine(), ValuesPane(), ViewPane(), HistogramsPane(), QueuePane())
}
"""The panes by name: the identity of their widgets."""
