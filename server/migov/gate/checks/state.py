"""One state of the files of a dataset, read as far as a check asks, and its ontology.

What was read of a file is shared with the next state as long as the file stays the same, so the
cost of a change is that of the files it touches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.dataset import ContentFile, graph_iri, holds_graph, is_turtle, read_quads
from migov.dataset.positions import Positions
from migov.errors import ContentSyntaxError, Place
from migov.vocabulary import BASE, NS, STANDARD_PREFIXES

Files = Mapping[str, ContentFile]
Node = NamedNode | BlankNode
Object = NamedNode | BlankNode | Literal

ONTOLOGY: Final = "ontology/migov.ttl"
TYPE: Final = NamedNode(STANDARD_PREFIXES["rdf"] + "type")
LABEL: Final = NamedNode(STANDARD_PREFIXES["skos"] + "prefLabel")
TERM_LABEL: Final = NamedNode(STANDARD_PREFIXES["rdfs"] + "label")


def mg(name: str) -> NamedNode:
    """Return a term of our ontology."""
    return NamedNode(NS + name)


def std(prefix: str, name: str) -> NamedNode:
    """Return a term of a standard vocabulary."""
    return NamedNode(STANDARD_PREFIXES[prefix] + name)


@dataclass
class FileFacts:
    """What one file says, read when it is first asked for. A broken file says nothing."""

    file: ContentFile

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def graph(self) -> NamedNode:
        return NamedNode(graph_iri(self.file.path))

    @cached_property
    def _read(self) -> tuple[tuple[Quad, ...], ContentSyntaxError | None]:
        try:
            return tuple(read_quads(self.file)), None
        except ContentSyntaxError as error:
            return (), error

    @property
    def quads(self) -> tuple[Quad, ...]:
        return self._read[0]

    @property
    def error(self) -> ContentSyntaxError | None:
        return self._read[1]

    @cached_property
    def triples(self) -> tuple[Triple, ...]:
        """The triples of the file, each once, in its order."""
        return tuple(dict.fromkeys(quad.triple for quad in self.quads))

    @cached_property
    def said(self) -> frozenset[Triple]:
        return frozenset(self.triples)

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.file, self.quads)

    @property
    def graph_place(self) -> Place:
        """Where the file first speaks of its graph, or its beginning, where it would."""
        found = self.positions.node_at(self.graph)
        return self.positions.line_at(1) if found.column is None else found

    @cached_property
    def by_subject(self) -> dict[Node, list[Triple]]:
        found: dict[Node, list[Triple]] = defaultdict(list)
        for triple in self.triples:
            found[_node(triple.subject)].append(triple)
        return dict(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """The IRIs of ours that the file uses anywhere."""
        return frozenset(
            term.value
            for triple in self.triples
            for term in (triple.subject, triple.predicate, triple.object)
            if isinstance(term, NamedNode) and term.value.startswith(BASE)
        )

    @cached_property
    def predicates(self) -> frozenset[str]:
        """The predicates that the file uses."""
        return frozenset(triple.predicate.value for triple in self.triples)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes that the file gives to something."""
        return frozenset(
            triple.object.value
            for triple in self.triples
            if triple.predicate == TYPE and isinstance(triple.object, NamedNode)
        )

    def values(self, subject: Node, predicate: NamedNode) -> list[Object]:
        """Return the objects of a subject and predicate, in the order of the file."""
        return [
            _object(triple.object)
            for triple in self.by_subject.get(subject, ())
            if triple.predicate == predicate
        ]

    def instances(self, *classes: NamedNode) -> Iterator[Node]:
        """Yield the subjects that the file gives one of these classes."""
        for subject, triples in self.by_subject.items():
            if any(t.predicate == TYPE and t.object in classes for t in triples):
                yield subject


class State:
    """The files of a dataset as they are at one time."""

    def __init__(self, files: Files, earlier: State | None = None) -> None:
        self.files = dict(files)
        self._facts: dict[str, FileFacts] = {}
        self._earlier = earlier
        self.memo: dict[str, object] = {}
        """What a family has worked out about the whole of this state, under its own name."""
        if earlier is not None:
            for path, file in earlier.files.items():
                if self.files.get(path) == file:
                    self._facts[path] = earlier.facts(path)  # not read yet, unless it was asked

    @property
    def paths(self) -> list[str]:
        """The files that hold a graph, sorted."""
        return sorted(path for path in self.files if holds_graph(path))

    def facts(self, path: str) -> FileFacts:
        """Return what one file says."""
        if path not in self._facts:
            self._facts[path] = FileFacts(self.files[path])
        return self._facts[path]

    def all_facts(self) -> Iterator[FileFacts]:
        """Yield what each Turtle file says, in order of path."""
        for path in self.paths:
            yield self.facts(path)

    def differing(self, other: State) -> list[str]:
        """Return the Turtle files that are not the same in another state, sorted."""
        paths = {*self.paths, *other.paths}
        return sorted(p for p in paths if self.files.get(p) != other.files.get(p))

    @cached_property
    def describing(self) -> dict[str, tuple[str, ...]]:
        """For each IRI that is a subject somewhere, the files where it is."""
        earlier = self._earlier
        if earlier is None:
            return _paths_by_subject(self.all_facts())
        found = dict(earlier.describing)
        touched = set(self.differing(earlier))
        for path in touched & set(earlier.files):
            for iri in _subjects(earlier.facts(path)):
                found[iri] = tuple(p for p in found.get(iri, ()) if p not in touched)
        fresh = _paths_by_subject(self.facts(path) for path in sorted(touched & set(self.files)))
        for iri, paths in fresh.items():
            found[iri] = tuple(sorted({*found.get(iri, ()), *paths}))
        self._earlier = None  # no longer needed, and it would keep every state before it alive
        return {iri: paths for iri, paths in found.items() if paths}

    def described_in(self, iri: str) -> tuple[str, ...]:
        """Return the files that describe an IRI; a set of links says nothing of what it links."""
        return tuple(path for path in self.describing.get(iri, ()) if is_turtle(path))

    def values(self, subject: Node, predicate: NamedNode) -> list[Object]:
        """Return the objects that any file gives a subject and predicate."""
        paths = self.describing.get(subject.value, ()) if isinstance(subject, NamedNode) else ()
        return [value for path in paths for value in self.facts(path).values(subject, predicate)]

    def types(self, subject: Node) -> set[str]:
        """Return the IRIs of the classes that any file gives a subject."""
        return {v.value for v in self.values(subject, TYPE) if isinstance(v, NamedNode)}

    def labels(self, subject: Node) -> dict[str, str]:
        """Return the preferred labels of a subject by language."""
        found: dict[str, str] = {}
        for predicate in (LABEL, TERM_LABEL):
            for value in self.values(subject, predicate):
                if isinstance(value, Literal):
                    found.setdefault(value.language or "", value.value)
        return dict(sorted(found.items()))


def _subjects(facts: FileFacts) -> Iterator[str]:
    return (node.value for node in facts.by_subject if isinstance(node, NamedNode))


def _paths_by_subject(files: Iterable[FileFacts]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for facts in files:
        for iri in _subjects(facts):
            found[iri].append(facts.path)
    return {iri: tuple(paths) for iri, paths in found.items()}


def _node(term: object) -> Node:
    if isinstance(term, (NamedNode, BlankNode)):
        return term
    raise TypeError("A subject is a name or a blank node.")


def _object(term: object) -> Object:
    if isinstance(term, (NamedNode, BlankNode, Literal)):
        return term
    raise TypeError("Triple terms of RDF 1.2 are not used here.")
