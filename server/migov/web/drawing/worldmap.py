"""A map of countries and territories, and of what leads from one to another.

Shapes are those of Natural Earth (public domain), drawn once by `server/browser/countries.mjs` in
the Equal Earth projection, which gives each country its share of the area. Boundaries and names
imply no position: territories stand as ISO 3166-1 and M49 list them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as Xml

from migov.web.drawing.svg import EMPTY, SOFT, STEPS, Picture, add, link, short

_FILE: Final = Path(__file__).with_name("countries.json")
_WARM: Final = "#a85b00"


@dataclass(frozen=True, slots=True)
class Area:
    """A country by its M49 code, how many of something it has, and how that is said."""

    code: str
    number: int
    said: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Arc:
    """What leads from one country to another, by their M49 codes."""

    start: str
    end: str
    said: str
    address: str | None


@cache
def _atlas() -> dict[str, Any]:
    atlas: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return atlas


def worldmap(
    areas: Sequence[Area],
    arcs: Sequence[Arc],
    title: str,
    description: str,
    legend: str,
    land: str | None = None,
) -> Picture:
    """Draw areas by number and arcs above them; `legend` says what is counted.

    `land` is the address of the shape of all land, None to have it in the picture itself.
    """
    atlas = _atlas()
    picture = Picture(atlas["width"], atlas["height"] + 34, title, description)
    look = {"class_": "land", "fill": EMPTY, "stroke": "#fff", "stroke_width": "0.5"}
    if land is None:
        add(picture.root, "path", d="".join([*atlas["shapes"].values(), *atlas["others"]]), **look)
    else:
        add(picture.root, "use", href=land, **look)
    most = max((area.number for area in areas), default=1)
    for step in reversed(range(len(STEPS))):
        alike = [area for area in areas if step_of(area.number, most) == step]
        if alike:
            look = {"class_": f"step{step}", "fill": STEPS[step], "stroke": "#fff"}
            group = add(picture.root, "g", stroke_width="0.5", **look)
            for area in sorted(alike, key=lambda area: (-area.number, area.said)):
                _area(group, area)
    for arc in arcs:
        _arc(picture, arc)
    if areas:
        _legend(picture, most, legend)
    return picture


def step_of(number: int, most: int) -> int:
    """Return the class of a number, from 0 to 3.

    >>> [step_of(number, 8) for number in (1, 2, 3, 5, 8)]
    [0, 0, 1, 2, 3]
    >>> step_of(1, 1)
    3
    """
    if most <= len(STEPS):
        return len(STEPS) - 1 - (most - number)
    return min(len(STEPS) - 1, (number - 1) * len(STEPS) // most)


def _area(parent: Xml.Element, area: Area) -> None:
    atlas = _atlas()
    group = link(parent, area.address, area.said)
    if area.code in atlas["shapes"]:
        add(group, "path", d=atlas["shapes"][area.code])
    elif area.code in atlas["centres"]:
        x, y = atlas["centres"][area.code]
        add(group, "circle", cx=x, cy=y, r=4)


def _arc(picture: Picture, arc: Arc) -> None:
    centres = _atlas()["centres"]
    if arc.start not in centres or arc.end not in centres:
        return
    (x1, y1), (x2, y2) = centres[arc.start], centres[arc.end]
    length = hypot(x2 - x1, y2 - y1) or 1
    bend = 0.18 + 6 / length
    middle = ((x1 + x2) / 2 + (y2 - y1) * bend, (y1 + y2) / 2 - (x2 - x1) * bend)
    group = link(picture.root, arc.address, arc.said)
    path = f"M{short(x1)} {short(y1)}Q{short(middle[0])} {short(middle[1])} {short(x2)} {short(y2)}"
    add(group, "path", d=path, class_="reach", fill="none", stroke="transparent", stroke_width="7")
    add(group, "path", d=path, class_="arc", fill="none", stroke=_WARM, stroke_width="1.4")
    add(group, "circle", cx=x1, cy=y1, r=1.6, class_="end", fill=_WARM)
    # The arrow points along the end of the curve.
    dx, dy = x2 - middle[0], y2 - middle[1]
    size = hypot(dx, dy) or 1
    dx, dy = dx / size, dy / size
    back = (x2 - 5 * dx, y2 - 5 * dy)
    points = [
        (x2, y2),
        (back[0] - 2.2 * dy, back[1] + 2.2 * dx),
        (back[0] + 2.2 * dy, back[1] - 2.2 * dx),
    ]
    add(
        group,
        "polygon",
        points=" ".join(f"{short(x)},{short(y)}" for x, y in points),
        class_="end",
        fill=_WARM,
    )


def classes(most: int) -> list[tuple[int, int, int]]:
    """Return the classes of the numbers up to the highest: each with its first and last number.

    >>> classes(3)
    [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    >>> classes(36_029_138)[0]
    (0, 1, 9007285)
    """
    if most <= len(STEPS):
        return [(step_of(number, most), number, number) for number in range(1, most + 1)]
    firsts = [-(-step * most // len(STEPS)) + 1 for step in range(len(STEPS))]
    lasts = [first - 1 for first in firsts[1:]] + [most]
    return [(step, *ends) for step, ends in enumerate(zip(firsts, lasts, strict=True))]


def _legend(picture: Picture, most: int, legend: str) -> None:
    y = picture.height - 20
    group = add(picture.root, "g", class_="legend", font_size=13, fill=SOFT, aria_hidden="true")
    add(group, "text", legend, x=0, y=y + 11)
    x = 7.2 * len(legend) + 18
    for step, first, last in classes(most):
        text = f"{first}–{last}" if last > first else str(first)
        add(group, "rect", x=x, y=y, width=18, height=13, class_=f"step{step}", fill=STEPS[step])
        add(group, "text", text, x=x + 24, y=y + 11)
        x += 40 + 8 * len(text)
