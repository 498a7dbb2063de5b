"""Numbers as bars, the first column of each row as its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migov.web.drawing.svg import ACCENT, INK, SOFT, Picture, add, link, shortened

_WIDTH: Final = 1000.0
_LABELS: Final = 380.0
_ROW: Final = 26.0
_LETTERS: Final = 52


@dataclass(frozen=True, slots=True)
class Bar:
    """A number, how it is written, and whose it is."""

    label: str
    number: float
    written: str
    address: str | None


def chart(bars: Sequence[Bar], title: str, description: str) -> Picture:
    """Draw bars in the order given; none reaches below zero."""
    picture = Picture(_WIDTH, _ROW * len(bars) + 8, title, description)
    most = max((bar.number for bar in bars), default=1.0) or 1.0
    room = _WIDTH - _LABELS - 90
    for place, bar in enumerate(bars):
        y = 4 + _ROW * place
        group = link(picture.root, bar.address, f"{bar.label}: {bar.written}")
        label = shortened(bar.label, _LETTERS)
        add(group, "text", label, x=0, y=y + 16, font_size=13, fill=INK, class_="name")
        width = max(room * (max(bar.number, 0.0) / most), 1.0)
        add(group, "rect", x=_LABELS, y=y + 4, width=width, height=16.0, fill=ACCENT, class_="sure")
        add(
            group, "text", bar.written, x=_LABELS + width + 8, y=y + 16, font_size=13, fill=SOFT,
            class_="soft",
        )  # fmt: skip
    return picture
