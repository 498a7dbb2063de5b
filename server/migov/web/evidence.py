"""What the mapping sets say of the links that the graph has: who decided when, and on what."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Final
from weakref import WeakKeyDictionary

from pyoxigraph import NamedNode

from migov.dataset.mappings import Link
from migov.engine import Engine
from migov.entities import Description
from migov.errors import ContentError
from migov.linking.decided import mapping_sets
from migov.repository import Repository
from migov.web.site import site, state

_known: Final[WeakKeyDictionary[Engine, Mapping[str, list[Link]]]] = WeakKeyDictionary()
_reading: Final = threading.Lock()


def links_of(description: Description) -> list[Link]:
    """Return the rows behind the links of a thing, in the order of what they lead to.

    The sets are read once a snapshot. A row whose link the snapshot does not have is passed over:
    it was written since, or is no link.
    """
    engine = state().house
    with _reading:
        found = _known.get(engine)
        if found is None:
            found = _known[engine] = _rows(site().published.repository)
    said = {
        (part.iri, value.term.value)
        for part in description.facts
        for value in part.values
        if isinstance(value.term, NamedNode)
    }
    rows = [row for row in found.get(description.iri, ()) if (row.predicate, row.object) in said]
    return sorted(rows, key=lambda row: row.object)


def _rows(repository: Repository) -> Mapping[str, list[Link]]:
    found: dict[str, list[Link]] = defaultdict(list)
    try:
        for each in mapping_sets(repository):
            for row in each.mappings:
                if row.holds:
                    found[row.subject].append(row)
    except ContentError:  # the last good snapshot is shown, without the evidence
        return {}
    return found
