"""A timeline on which a date is as wide as it is uncertain.

What surely lasted is a full bar; between the first and the last day that a stated date can mean
the bar fades; where no end is stated it ends in an open edge.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Final
from xml.etree import ElementTree as Xml

from migov.web.drawing.svg import ACCENT, INK, RULE, SOFT, Picture, add, link, shortened

_WIDTH: Final = 1000.0
_LABELS: Final = 0.33
"""The part of the width in which labels stand."""
_LETTER: Final = 7.2
"""Width of a letter of a label."""
_APART: Final = 46.0
"""Least width from one year of the axis to the next."""
_ROW: Final = 28.0
_TOP: Final = 30.0
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


def timeline(spans: Sequence[Span], title: str, description: str, width: float = _WIDTH) -> Picture:
    """Draw spans in the order given."""
    height = _TOP + _ROW * len(spans) + 14
    picture = Picture(width, height, title, description)
    first = min(span.start[0] for span in spans).year
    last = max(end for span in spans for end in (*span.start, *(span.end or ()))).year + 1
    scale = _Scale(first, max(last, first + 2), width)
    _axis(picture, scale, height)
    for place, span in enumerate(spans):
        _span(picture, scale, span, _TOP + _ROW * place)
    return picture


@dataclass(frozen=True, slots=True)
class _Scale:
    first: int
    last: int
    width: float

    @property
    def labels(self) -> float:
        return self.width * _LABELS

    def x(self, year: float) -> float:
        along = (year - self.first) / (self.last - self.first)
        return self.labels + along * (self.width - self.labels - _OPEN)

    def begin(self, day: date) -> float:
        return self.x(day.year + (day.timetuple().tm_yday - 1) / _days(day.year))

    def end(self, day: date) -> float:
        return self.x(day.year + day.timetuple().tm_yday / _days(day.year))


def _days(year: int) -> int:
    return 366 if isleap(year) else 365


def _axis(picture: Picture, scale: _Scale, height: float) -> None:
    apart = scale.x(scale.first + 1) - scale.x(scale.first)
    step = next(step for step in _steps() if step * apart >= _APART)
    axis = add(picture.root, "g", class_="axis", font_size=12, fill=SOFT, aria_hidden="true")
    for year in range(-(-scale.first // step) * step, scale.last + 1, step):
        x = scale.x(year)
        add(axis, "line", x1=x, x2=x, y1=20.0, y2=height - 8, stroke=RULE)
        add(axis, "text", str(year), x=x, y=13, text_anchor="middle")


def _steps() -> Iterator[int]:
    """Yield the years from one mark of an axis to the next that read well: 1, 2, 5, 10, 20 …"""
    for power in count():
        yield from (first * 10**power for first in (1, 2, 5))


def _span(picture: Picture, scale: _Scale, span: Span, y: float) -> None:
    group = link(picture.root, span.address, span.said)
    label = shortened(span.label, int(scale.labels / _LETTER))
    add(group, "text", label, x=0, y=y + 17, font_size=13, fill=INK, class_="name")
    start, sure = scale.begin(span.start[0]), scale.end(span.start[1])
    if span.end is None:
        _bar(group, start, sure, y, sure=False)
        for place in range(4):
            x = sure + place * _OPEN / 4
            _bar(group, x, x + _OPEN / 8, y, sure=False)
        return
    end, latest = scale.begin(span.end[0]), scale.end(span.end[1])
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
