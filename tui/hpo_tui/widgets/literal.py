"""Foreign text on a widget: as it stands, never as markup, and with nothing in it that a terminal would act on."""

from __future__ import annotations

from textual.content import Content

from hpo_core.text import clean


def literal(text: str) -> Content:
    """Return text that is shown character by character; its line breaks are kept.

    Given to a widget as it is: ``Content.markup`` is not always read back as the text it was made of, and a title
    with an unclosed ``[/`` ended the app.
    """
    return Content("\n".join(clean(line) for line in text.split("\n")))
