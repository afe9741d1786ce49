"""Pictures outside the screen: plain text, ANSI for a terminal, SVG for a page."""

from __future__ import annotations

from xml.sax.saxutils import escape

from rich.color import ColorSystem
from rich.style import Style

from hpo_tui.look.inks import WITH_BACKGROUND
from hpo_tui.look.theme import Palette
from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.picture import Picture

_CELL_WIDTH = 8.4
_CELL_HEIGHT = 17
_FONTS = "'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace"
_SYSTEMS = {256: ColorSystem.EIGHT_BIT, 16: ColorSystem.STANDARD, 0: ColorSystem.STANDARD}


def to_plain(picture: Picture) -> str:
    """Return the picture's text, a line for each row, without blanks at the ends of lines."""
    return "\n".join(picture.row_text(row).rstrip() for row in range(picture.height))


def to_ansi(picture: Picture, palette: Palette) -> str:
    """Return the picture for a terminal with as many colours as the palette uses."""
    system = _SYSTEMS[palette.colours]
    return "\n".join(
        "".join(palette.style(ink).render(text, color_system=system) for text, ink in row) for row in picture.rows
    )


def to_svg(picture: Picture, palette: Palette, title: str = "") -> str:
    """Return the picture as one SVG document: a grid of monospaced text in the viewer's own font.

    Every run is fitted to its cells, so that columns stay aligned whatever font the viewer has.
    """
    width, height = picture.width * _CELL_WIDTH, picture.height * _CELL_HEIGHT
    body = [element for row in range(picture.height) for element in _svg_row(picture, row, palette)]
    heading = f"<title>{escape(title)}</title>\n" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height}" width="{width:.1f}" '
        f'height="{height}" font-family="{_FONTS}" font-size="14" xml:space="preserve">\n{heading}'
        f'<rect width="100%" height="100%" fill="{palette.background}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _svg_row(picture: Picture, row: int, palette: Palette) -> list[str]:
    elements = []
    col, top = 0, row * _CELL_HEIGHT
    for text, ink in picture.rows[row]:
        size, left = width_of(text), col * _CELL_WIDTH
        style = palette.style(ink)
        fill, ground = _svg_colours(style, palette)
        if ink in WITH_BACKGROUND and ground:
            elements.append(
                f'<rect x="{left:.1f}" y="{top}" width="{size * _CELL_WIDTH:.1f}" height="{_CELL_HEIGHT}" '
                f'fill="{ground}"/>'
            )
        if text.strip():
            weight = ' font-weight="bold"' if style.bold else ""
            faint = ' opacity="0.6"' if style.dim else ""
            elements.append(
                f'<text x="{left:.1f}" y="{top + 13}" fill="{fill}" textLength="{size * _CELL_WIDTH:.1f}" '
                f'lengthAdjust="spacingAndGlyphs"{weight}{faint}>{escape(text)}</text>'
            )
        col += size
    return elements


def _svg_colours(style: Style, palette: Palette) -> tuple[str, str | None]:
    fill = palette.foreground
    if style.color is not None and not style.color.is_default:
        fill = style.color.get_truecolor().hex
    ground = style.bgcolor.get_truecolor().hex if style.bgcolor is not None else None
    return (palette.background, fill) if style.reverse else (fill, ground)
