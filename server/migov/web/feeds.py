"""Atom feeds (RFC 4287) of lists: what fits, the files that changed last first."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

from flask import current_app, request

from migov.change.times import Times
from migov.entities import Label, labels
from migov.entities.facets import changed_lately, things_of
from migov.entities.listing import Chosen, Listing
from migov.entities.texts import abstracts
from migov.protocol.formats import Format
from migov.vocabulary import GRAPH
from migov.web.later import LATE, within
from migov.web.links import href
from migov.web.request import languages
from migov.web.site import state

ATOM: Final = Format("atom", "page", "Atom", ("application/atom+xml",))
TIMES: Final = "migov.times"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_ENTRIES: Final = 30
_FILES: Final = 300
"""Files, the latest first, whose things a feed can name: a feed tells what is new."""
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed_of(
    listing: Listing, chosen: Chosen, title: str, *, page_address: str, feed_address: str
) -> bytes:
    """Return the feed of a list; `title` is said in the language of the request.

    An entry is a thing, with the moment of the commit that changed one of its files last. Without
    git entries have the moment at which the snapshot was built, in the order of the list.
    """
    built = int(datetime.fromisoformat(state().snapshot.built).timestamp())
    changed = _changed(listing, chosen, built)
    iris = [iri for iri, _ in changed]
    known = labels(state().house, iris, languages())
    told = abstracts(state().house, iris, languages())
    latest = max((when for _, when in changed), default=built)
    feed = Xml.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": languages()[0]})
    _add(feed, "title", title)
    _add(feed, "id", urljoin(request.host_url, page_address))
    _add(feed, "updated", _moment(latest))
    _link(feed, "self", urljoin(request.host_url, feed_address), ATOM.media_type)
    _link(feed, "alternate", urljoin(request.host_url, page_address), "text/html")
    _add(Xml.SubElement(feed, "author"), "name", "migov")
    _add(feed, "rights", "CC BY 4.0")
    for iri, when in changed:
        _entry(feed, iri, when, known[iri], told.get(iri))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(feed, "unicode").encode()


def _changed(listing: Listing, chosen: Chosen, built: int) -> list[tuple[str, int]]:
    """Return things with the seconds since 1970 at which they changed, the latest first."""
    times: Times = current_app.extensions[TIMES]
    files = times.at(state().snapshot.revision)
    graphs = {
        GRAPH + path: when
        for path, when in list(files.items())[:_FILES]
        if GRAPH + path in state().snapshot.graphs
    }
    if graphs:
        return changed_lately(state().house, listing, chosen, graphs, limit=_ENTRIES)
    return [(iri, built) for iri in _first(listing, chosen)]


def _first(listing: Listing, chosen: Chosen) -> list[str]:
    """Return things that are all as old: the first by order, or any where those take too long."""
    engine, order = state().house, listing.orders[0]
    try:
        return things_of(
            engine, listing, chosen, order, languages(), limit=_ENTRIES, within=within()
        )
    except LATE:
        return things_of(engine, listing, chosen, None, languages(), limit=_ENTRIES)


def _entry(feed: Xml.Element, iri: str, when: int, name: Label, text: Label | None) -> None:
    entry = Xml.SubElement(feed, "entry")
    _add(entry, "title", name.text, name.language)
    _add(entry, "id", iri)
    _add(entry, "updated", _moment(when))
    _link(entry, "alternate", urljoin(request.host_url, href(iri) or "/"), "text/html")
    if text is not None:
        _add(entry, "summary", text.text, text.language)


def _add(parent: Xml.Element, tag: str, text: str, language: str | None = None) -> None:
    element = Xml.SubElement(parent, tag, {"xml:lang": language} if language else {})
    element.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _link(parent: Xml.Element, rel: str, address: str, media_type: str) -> None:
    Xml.SubElement(parent, "link", {"rel": rel, "href": address, "type": media_type})


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
