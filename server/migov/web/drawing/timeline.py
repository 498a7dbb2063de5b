"""A timeline on which a date is as wide as it is uncertain.

What surely lasted is a full bar; between the first and the last day that a stated date can mean
the bar fades; where no end is stated it ends in an open edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from xml.etree import ElementTree as Xml

from migov.web.drawing.svg import ACCENT, INK, RULE, SOFT, Picture, add, link, shortened

_WIDTH: Final = 1000.0
_LABELS: Final = 330.0
_ROW: Final = 28.0
_TOP: Final = 30.0
_LETTERS: Final = 46
_OPEN: Final = 26.0
"""Width of the edge of a bar whose end is not stated."""


@dataclass(frozen=True, slots=True)
class Span:
    """What lasted from a day between two to a day between two; the end may be unknown."""

    label: str
    said: str
    address: str | None
    start: tuple[date, date]
    end: tuple[date, date] | None


def bounds_of(stated: str) -> tuple[date, date] | None:
    """Return the first and the last day that a date can mean, None for what is no such date.

    >>> bounds_of("2020-02")
    (datetime.date(2020, 2, 1), datetime.date(2020, 2, 29))
    >>> bounds_of("1975"), bounds_of("soon")
    ((datetime.date(1975, 1, 1), datetime.date(1975, 12, 31)), None)
    """
    parts = stated[:10].split("-")
    try:
        numbers = [int(part) for part in parts]
        match numbers:
            case [year]:
                return date(year, 1, 1), date(year, 12, 31)
            case [year, month]:
                first = date(year, month, 1)
                after = date(year + month // 12, month % 12 + 1, 1)
                return first, after - timedelta(days=1)
            case [year, month, day]:
                return date(year, month, day), date(year, month, day)
    except ValueError:
        pass
    return None


def timeline(spans: Sequence[Span], title: str, description: str) -> Picture:
    """Draw spans in the order given."""
    height = _TOP + _ROW * len(spans) + 14
    picture = Picture(_WIDTH, height, title, description)
    first = min(span.start[0] for span in spans).year
    last = max((span.end or span.start)[1] for span in spans).year + 1
    scale = _Scale(first, max(last, first + 2))
    _axis(picture, scale, height)
    for place, span in enumerate(spans):
        _span(picture, scale, span, _TOP + _ROW * place)
    return picture


@dataclass(frozen=True, slots=True)
class _Scale:
    first: int
    last: int

    def x(self, day: date) -> float:
        years = day.year - self.first + (day.timetuple().tm_yday - 1) / 366
        return _LABELS + years * (_WIDTH - _LABELS - _OPEN) / (self.last - self.first)


def _axis(picture: Picture, scale: _Scale, height: float) -> None:
    years = scale.last - scale.first
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100) if years / step <= 12), 200)
    axis = add(picture.root, "g", class_="axis", font_size=12, fill=SOFT, aria_hidden="true")
    for year in range(-(-scale.first // step) * step, scale.last + 1, step):
        x = scale.x(date(year, 1, 1))
        add(axis, "line", x1=x, x2=x, y1=20.0, y2=height - 8, stroke=RULE)
        add(axis, "text", str(year), x=x, y=13, text_anchor="middle")


def _span(picture: Picture, scale: _Scale, span: Span, y: float) -> None:
    group = link(picture.root, span.address, span.said)
    add(
        group, "text", shortened(span.label, _LETTERS), x=0, y=y + 17, font_size=13, fill=INK,
        class_="name",
    )  # fmt: skip
    start, sure = scale.x(span.start[0]), scale.x(span.start[1] + timedelta(days=1))
    if span.end is None:
        _bar(group, start, sure, y, sure=False)
        for place in range(4):
            x = sure + place * _OPEN / 4
            _bar(group, x, x + _OPEN / 8, y, sure=False)
        return
    end, latest = scale.x(span.end[0]), scale.x(span.end[1] + timedelta(days=1))
    if sure < end:
        _bar(group, start, sure, y, sure=span.start[0] == span.start[1])
        _bar(group, sure, end, y, sure=True)
        _bar(group, end, latest, y, sure=span.end[0] == span.end[1])
    else:  # it may have lasted any time within these bounds
        day = span.start[0] == span.end[1]
        _bar(group, start, max(latest, start + 3), y, sure=day)


def _bar(group: Xml.Element, start: float, end: float, y: float, *, sure: bool) -> None:
    add(
        group, "rect", x=start, y=y + 6, width=max(end - start, 0.8), height=15.0, fill=ACCENT,
        fill_opacity="1" if sure else "0.35", class_="sure" if sure else "unsure",
    )  # fmt: skip
