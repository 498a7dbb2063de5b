"""SVG as elements of the standard library, which escapes whatever a label says.

A picture carries its colours as attributes, so that its file can be opened anywhere; on a page the
stylesheet gives the same classes the colours of the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

NAMESPACE: Final = "http://www.w3.org/2000/svg"
INK: Final = "#1c2126"
SOFT: Final = "#56606a"
RULE: Final = "#dfe2df"
EMPTY: Final = "#e9ebe8"
ACCENT: Final = "#0a5273"
STEPS: Final = ("#b7d3df", "#7fb0c6", "#3f83a3", "#0a5273")
"""From few to many."""
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FONT: Final = "system-ui, sans-serif"


@dataclass(slots=True)
class Picture:
    """A drawing with what it is called, what it shows in words, and notes on what it leaves out."""

    width: float
    height: float
    title: str
    description: str
    root: Xml.Element = field(init=False)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = Xml.Element(
            "svg",
            {
                "viewBox": f"0 0 {short(self.width)} {short(self.height)}",
                "class": "picture",
                "role": "group",
                "aria-labelledby": "picture-title picture-description",
                "font-family": _FONT,
            },
        )
        add(self.root, "title", self.title, id="picture-title")
        add(self.root, "desc", self.description, id="picture-description")


def add(
    parent: Xml.Element, tag: str, text: str | None = None, **attributes: object
) -> Xml.Element:
    """Add an element; underscores in names of attributes stand for hyphens."""
    element = Xml.SubElement(
        parent,
        tag,
        {
            name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else short(value)
            for name, value in attributes.items()
            if value is not None
        },
    )
    if text is not None:
        element.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return element


def short(number: object) -> str:
    """Return a number with one decimal at most.

    >>> short(3.0), short(2.26)
    ('3', '2.3')
    """
    return f"{number:.1f}".removesuffix(".0") if isinstance(number, float) else str(number)


def link(parent: Xml.Element, address: str | None, said: str) -> Xml.Element:
    """Add a group that leads somewhere, if anywhere, and is called what it says."""
    group = add(parent, "g", role="img") if address is None else add(parent, "a", href=address)
    add(group, "title", said)
    return group


def shortened(text: str, most: int) -> str:
    """Return a text with at most so many characters.

    >>> shortened("International Labour Organization", 14)
    'International…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def within_a_page(picture: Picture) -> str:
    """Return the markup of a picture for an HTML page."""
    return Xml.tostring(picture.root, "unicode")


def standalone(picture: Picture, base: str) -> bytes:
    """Return the file of a picture; its links lead to a server with this address."""
    root = Xml.fromstring(Xml.tostring(picture.root, "unicode"))
    root.set("xmlns", NAMESPACE)
    root.set("width", short(picture.width))
    root.set("height", short(picture.height))
    for element in root.iter("a"):
        element.set("href", urljoin(base, element.get("href", "")))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, "unicode").encode()
