"""Findings of two graphs, told apart: what a change introduces, what it leaves, what it mends.

A finding is known by its rule, component, path, focus node and value, never by a line. A blank
node has no name that lasts, so it is known by what holds it; where two findings still look the
same they are counted, and no finding is lost or invented.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from pyoxigraph import BlankNode
from rdflib import RDF, BNode
from rdflib.term import Identifier

from migov.gate.affected.index import Index, Term
from migov.gate.affected.plan import to_term
from migov.gate.report import Finding

Key = tuple[str, ...]
_BLANK: Final = "[]"
_ABOUT: Final = tuple(f"<{each}>" for each in (RDF.subject, RDF.predicate, RDF.object))


class Names:
    """Names of the nodes of a graph that outlive its blank node labels."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[Term, str] = {}

    def key(self, finding: Finding) -> Key:
        """Return what makes a finding the same finding in another graph."""
        return (
            finding.rule,
            finding.component or "",
            finding.path or "",
            self.name(finding.focus),
            _BLANK if isinstance(finding.value, BNode) else _text(finding.value),
            finding.severity_iri or finding.severity.name,
        )

    def name(self, node: Identifier | None) -> str:
        """Return the name of a node: itself, or for a blank node how it is reached."""
        if not isinstance(node, BNode):
            return _text(node)
        term = to_term(node)
        if term not in self._known:
            self._known[term] = self._reached(term)
        return self._known[term]

    def _reached(self, node: Term) -> str:
        """Return the nearest named node that holds a blank node, and the way from it."""
        seen, level = {node}, {node: ""}
        while level:
            named, above, roots = list[str](), dict[Term, str](), list[str]()
            for blank, way in level.items():
                holders = list(self._index.incoming(blank))
                for holder, predicate in holders:
                    longer = f" {predicate}{way}"
                    if not isinstance(holder, BlankNode):
                        named.append(f"{holder}{longer}")
                    elif holder not in seen:
                        above[holder] = min(longer, above.get(holder, longer))
                if not holders:
                    roots.append(self._content(blank) + way)
            if named or roots:
                return min(named or roots)
            seen |= above.keys()
            level = above
        return self._content(node)

    def _content(self, node: Term) -> str:
        """Name a blank node that nothing holds: the triple it is about, or what it says."""
        about = [
            f"{predicate} {term}"
            for predicate, term in self._index.outgoing(node)
            if not isinstance(term, BlankNode)
        ]
        stated = [each for each in about if each.startswith(_ABOUT)]
        return f"{_BLANK} {' ; '.join(sorted(stated or about))}"


def fingerprint(finding: Finding, names: Names) -> str:
    """Return twenty hexadecimal digits that name a finding in every version of the graph."""
    text = json.dumps(names.key(finding), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _text(node: Identifier | None) -> str:
    return "" if node is None else node.n3()


def told_apart(
    old: Iterable[Finding], new: Iterable[Finding], before: Names, after: Names
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Return the findings that are introduced, left (as they are now), and fixed.

    Of several findings that look the same, those with the same labels are matched first.
    """
    fixed, introduced, left = list(old), list(new), list[Finding]()
    for exact in (True, False):
        fixed, introduced, same = _matched(
            fixed, introduced, _keyed(before, exact), _keyed(after, exact)
        )
        left += same
    return introduced, left, fixed


def without(findings: Iterable[Finding], gone: Iterable[Finding], names: Names) -> list[Finding]:
    """Return findings less some others of the same graph."""
    for exact in (True, False):
        findings, gone, _ = _matched(findings, gone, _keyed(names, exact), _keyed(names, exact))
    return list(findings)


def _keyed(names: Names, exact: bool) -> Callable[[Finding], Key]:
    def key(finding: Finding) -> Key:
        labels = [_text(node) for node in (finding.focus, finding.value, finding.shape)]
        return (*names.key(finding), *labels) if exact else names.key(finding)

    return key


def _matched(
    old: Iterable[Finding],
    new: Iterable[Finding],
    old_key: Callable[[Finding], Key],
    new_key: Callable[[Finding], Key],
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    waiting: dict[Key, list[Finding]] = defaultdict(list)
    for finding in old:
        waiting[old_key(finding)].append(finding)
    fresh, same = [], []
    for finding in new:
        partners = waiting[new_key(finding)]
        if partners:
            partners.pop()
            same.append(finding)
        else:
            fresh.append(finding)
    return [finding for rest in waiting.values() for finding in rest], fresh, same
