"""Things and what joins them. The layout is worked out here, and is the same every time.

Fruchterman and Reingold's forces (1991): joined things attract each other, all others repel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, pi, sin, sqrt
from typing import Final

from migov.web.drawing.svg import ACCENT, INK, SOFT, Picture, add, link, shortened

_WIDTH: Final = 1000.0
_HEIGHT: Final = 720.0
_MARGIN: Final = 70.0
_ROUNDS: Final = 140
_MIDDLE: Final = 6.0
"""How strongly everything is drawn to the middle."""
_LETTERS: Final = 30
_LETTER: Final = 6.4
"""Width of a letter, more or less."""
MOST: Final = 60
"""Things that are drawn: those with most links. The time grows with their square."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Two things that are joined, and how often."""

    start: str
    end: str
    weight: int = 1


def network(
    edges: Sequence[Edge],
    labels: Mapping[str, str],
    addresses: Mapping[str, str | None],
    title: str,
    description: str,
) -> Picture:
    """Draw the things that edges join; those with most links where there are too many."""
    degree: dict[str, int] = {}
    for edge in edges:
        for end in (edge.start, edge.end):
            degree[end] = degree.get(end, 0) + edge.weight
    kept = sorted(degree, key=lambda end: (-degree[end], end))[:MOST]
    shown = [edge for edge in edges if edge.start in kept and edge.end in kept]
    number = {end: place for place, end in enumerate(kept)}
    pairs = tuple((number[edge.start], number[edge.end]) for edge in shown)
    places = layout(len(kept), pairs)
    picture = Picture(_WIDTH, _HEIGHT, title, description)
    lines = add(
        picture.root, "g", class_="edges", stroke=SOFT, stroke_opacity="0.4", aria_hidden="true"
    )
    heaviest = max((edge.weight for edge in shown), default=1)
    for edge, (one, other) in zip(shown, pairs, strict=True):
        (x1, y1), (x2, y2) = places[one], places[other]
        width = 1 + 3 * (edge.weight - 1) / heaviest
        add(lines, "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke_width=width)
    most = max(degree.values(), default=1)
    points = [
        _Point(labels.get(end, end), *places[number[end]], 4 + 8 * sqrt(degree[end] / most))
        for end in kept
    ]
    said = _placed(points)
    for place, end in reversed(list(enumerate(kept))):
        point = points[place]
        group = link(picture.root, addresses.get(end), f"{point.label} ({degree[end]})")
        add(group, "circle", cx=point.x, cy=point.y, r=point.radius, fill=ACCENT, class_="node")
        if place in said:
            x, y, anchor = said[place]
            add(
                group, "text", shortened(point.label, _LETTERS), x=x, y=y, font_size=12, fill=INK,
                text_anchor=anchor, class_="name halo", stroke="#fff", stroke_width=3,
                paint_order="stroke",
            )  # fmt: skip
    return picture


@dataclass(frozen=True, slots=True)
class _Point:
    label: str
    x: float
    y: float
    radius: float


def _placed(points: Sequence[_Point]) -> dict[int, tuple[float, float, str]]:
    """Return where labels stand without covering each other, those of the first points first.

    A label that has no room is left out; the point still says it to whoever asks.
    """
    taken = [(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    found: dict[int, tuple[float, float, str]] = {}
    for place, point in enumerate(points):
        width = _LETTER * min(len(point.label), _LETTERS)
        side = point.radius + 3
        for x, y, anchor, left in (
            (point.x + side, point.y + 4, "start", point.x + side),
            (point.x - side, point.y + 4, "end", point.x - side - width),
            (point.x, point.y + side + 11, "middle", point.x - width / 2),
            (point.x, point.y - side, "middle", point.x - width / 2),
        ):
            box = (left, y - 11, left + width, y + 3)
            inside = left > 0 and box[2] < _WIDTH
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                found[place] = x, y, anchor
                break
    return found


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@lru_cache(maxsize=64)
def layout(count: int, pairs: tuple[tuple[int, int], ...]) -> list[tuple[float, float]]:
    """Return where each of `count` things stands, the joined ones near each other.

    >>> layout(1, ())
    [(500.0, 360.0)]
    >>> layout(3, ((0, 1),)) == layout(3, ((0, 1),))
    True
    """
    if count == 1:
        return [(_WIDTH / 2, _HEIGHT / 2)]
    # Sunflower seeds: every start differs, and none needs chance.
    turn = pi * (3 - sqrt(5))
    xs = [sqrt((place + 0.5) / count) * cos(place * turn) for place in range(count)]
    ys = [sqrt((place + 0.5) / count) * sin(place * turn) for place in range(count)]
    ideal = sqrt(pi / count) * 0.8
    for step in range(_ROUNDS):
        _round(xs, ys, pairs, ideal, heat=0.12 * (1 - step / _ROUNDS))
    return _fitted(xs, ys)


def _round(
    xs: list[float], ys: list[float], pairs: tuple[tuple[int, int], ...], ideal: float, heat: float
) -> None:
    """Move everything once, no further than the heat."""
    count = len(xs)
    # Everything is drawn to the middle a little, so that what is joined to nothing stays near.
    forces = [[-_MIDDLE * x, -_MIDDLE * y] for x, y in zip(xs, ys, strict=True)]
    square = ideal * ideal
    for one in range(count):
        x, y, force = xs[one], ys[one], forces[one]
        for other in range(one):
            dx, dy = x - xs[other], y - ys[other]
            push = square / (dx * dx + dy * dy + 1e-6)
            force[0] += dx * push
            force[1] += dy * push
            forces[other][0] -= dx * push
            forces[other][1] -= dy * push
    for one, other in pairs:
        dx, dy = xs[one] - xs[other], ys[one] - ys[other]
        pull = hypot(dx, dy) / ideal
        forces[one][0] -= dx * pull
        forces[one][1] -= dy * pull
        forces[other][0] += dx * pull
        forces[other][1] += dy * pull
    for place, (fx, fy) in enumerate(forces):
        size = hypot(fx, fy) or 1.0
        xs[place] += fx / size * min(size, heat)
        ys[place] += fy / size * min(size, heat)


def _fitted(xs: list[float], ys: list[float]) -> list[tuple[float, float]]:
    """Return places that fill the picture."""
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    across = (_WIDTH - 2 * _MARGIN) / ((right - left) or 1)
    down = (_HEIGHT - _MARGIN) / ((bottom - top) or 1)
    return [
        (_MARGIN + (x - left) * across, _MARGIN / 2 + (y - top) * down)
        for x, y in zip(xs, ys, strict=True)
    ]
