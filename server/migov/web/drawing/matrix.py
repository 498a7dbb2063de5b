"""Two sets of things against each other: a number in each cell, and the gaps between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migov.web.drawing.svg import INK, RULE, STEPS, Picture, add, link, shortened
from migov.web.drawing.worldmap import step_of

_LABELS: Final = 430.0
_HEAD: Final = 120.0
_ROW: Final = 26.0
_LETTERS: Final = 60
_DARK: Final = 2
"""From this step on a number is light on its cell."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, and how it is said with its row and column."""

    number: int
    said: str
    address: str | None


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[int, int], Cell],
    title: str,
    description: str,
) -> Picture:
    """Draw cells by (row, column); a cell that is missing or 0 is a gap."""
    column = max(30.0, min(60.0, (1000 - _LABELS - 60) / max(1, len(columns))))
    width = _LABELS + column * len(columns) + 70
    picture = Picture(width, _HEAD + _ROW * len(rows) + 4, title, description)
    for place, name in enumerate(columns):
        x, y = _LABELS + column * (place + 0.5), _HEAD - 8
        head = add(
            picture.root, "text", shortened(name, 20), x=x, y=y, font_size=12, fill=INK,
            transform=f"rotate(-40 {x:.1f} {y:.1f})", class_="name",
        )  # fmt: skip
        add(head, "title", name)
    gaps: list[str] = []
    box = f"h{column - 3:.0f}v{_ROW - 3:.0f}h-{column - 3:.0f}z"
    most = max((cell.number for cell in cells.values()), default=1) or 1
    for line, name in enumerate(rows):
        y = _HEAD + _ROW * line
        add(
            picture.root, "text", shortened(name, _LETTERS), x=0, y=y + 17, font_size=13, fill=INK,
            class_="name",
        )  # fmt: skip
        for place in range(len(columns)):
            cell = cells.get((line, place))
            if cell is None or not cell.number:
                gaps.append(f"M{_LABELS + column * place + 1:.0f} {y + 1:.0f}{box}")
            else:
                _cell(picture, cell, most, _LABELS + column * place, y, column)
    add(picture.root, "path", d="".join(gaps), fill="none", stroke=RULE, class_="gap")
    return picture


def _cell(picture: Picture, cell: Cell, most: int, x: float, y: float, width: float) -> None:
    step = step_of(cell.number, most)
    group = link(picture.root, cell.address, cell.said)
    add(
        group, "rect", x=x + 1, y=y + 1, width=width - 2, height=_ROW - 2, fill=STEPS[step],
        class_=f"step{step}",
    )  # fmt: skip
    add(
        group, "text", str(cell.number), x=x + width / 2, y=y + 17, font_size=12,
        text_anchor="middle", fill="#fff" if step >= _DARK else INK,
        class_=f"on{step}",
    )  # fmt: skip
