"""The footer of a screen whose keys are the same all the time: a click on one presses it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from hpo_tui.look.keys import Key
from hpo_tui.look.skins import Skin
from hpo_tui.panes.footer import clicked_key, footer_row
from hpo_tui.widgets.cell_pane import CellPane


class Footer(CellPane):
    """Shows the keys that are wanted most."""

    _keys: Sequence[Key] = ()

    def offer(self, keys: Sequence[Key], skin: Skin) -> None:
        """Show these keys, as far as there is room."""
        self._keys = keys
        if self.content_size.width:
            self.show([footer_row(keys, self.content_size.width)], skin.palette, skin.ascii_only)

    @on(CellPane.Clicked)
    async def press(self, message: CellPane.Clicked) -> None:
        """Press the key whose sign or word was clicked."""
        message.stop()
        key = clicked_key(self._keys, self.content_size.width, message.column)
        if key is not None:
            await self.screen.run_action(key.action)
