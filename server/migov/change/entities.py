"""Which entities a change adds, changes, removes or renames, by label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.change.model import Change, Files, is_graph
from migov.dataset import ContentFile, read_quads
from migov.errors import ContentError
from migov.vocabulary import BASE, STANDARD_PREFIXES

_LABELS: Final = tuple(
    STANDARD_PREFIXES[prefix] + name
    for prefix, name in (("skos", "prefLabel"), ("rdfs", "label"), ("dcterms", "title"))
)
_REPLACED: Final = NamedNode(STANDARD_PREFIXES["dcterms"] + "isReplacedBy")
_ABOUT: Final = NamedNode(STANDARD_PREFIXES["rdf"] + "subject")
_TYPE: Final = NamedNode(STANDARD_PREFIXES["rdf"] + "type")


@dataclass(frozen=True, slots=True)
class EntityChange:
    """One entity: its labels by language, its classes, and how many of its triples change."""

    iri: str
    labels: Mapping[str, str]
    classes: tuple[str, ...]
    removed: int
    added: int
    replaced_by: str | None = None

    def label(self, language: str = "en") -> str:
        """Return the label in a language, in any other, or the end of the IRI."""
        found = self.labels.get(language) or next(iter(self.labels.values()), None)
        return found or self.iri.removeprefix(BASE)


@dataclass(frozen=True, slots=True)
class EntityChanges:
    """The entities of a change, each once, sorted by IRI."""

    added: tuple[EntityChange, ...] = ()
    changed: tuple[EntityChange, ...] = ()
    removed: tuple[EntityChange, ...] = ()
    renamed: tuple[EntityChange, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphStates:
    """One graph before and after, and the triples between them."""

    before: Sequence[Quad]
    after: Sequence[Quad]
    removed: Sequence[Triple]
    added: Sequence[Triple]


def entity_changes(change: Change, states: Sequence[GraphStates]) -> EntityChanges:
    """Return what happens to the entities of this project that the changed triples are about."""
    removed = _counted((state.before, state.removed) for state in states)
    added = _counted((state.after, state.added) for state in states)
    touched = set(change.touched)
    rest = {path: file for path, file in change.after.items() if path not in touched}
    elsewhere = _Elsewhere(rest)
    before = _Known((quad for state in states for quad in state.before), elsewhere)
    after = _Known((quad for state in states for quad in state.after), elsewhere)
    groups: dict[str, list[EntityChange]] = defaultdict(list)
    for iri in sorted(removed.keys() | added.keys()):
        was, is_now = _is_there(iri, before, after), _is_there(iri, after, before)
        entity = EntityChange(
            iri,
            (after if is_now else before).labels(iri),
            (after if is_now else before).classes(iri),
            removed[iri],
            added[iri],
            replaced_by=_newly_replaced_by(iri, states),
        )
        if was and entity.replaced_by is not None:
            groups["renamed"].append(entity)
        elif was and is_now:
            groups["changed"].append(entity)
        elif is_now:
            groups["added"].append(entity)
        elif was:
            groups["removed"].append(entity)
    return EntityChanges(**{name: tuple(found) for name, found in groups.items()})


def _is_there(iri: str, here: _Known, there: _Known) -> bool:
    """Whether an entity is described; loose statements beside a class elsewhere do not do it."""
    return iri in here and bool(here.classes(iri) or here.labels(iri) or not there.classes(iri))


def _newly_replaced_by(iri: str, states: Iterable[GraphStates]) -> str | None:
    for state in states:
        for triple in state.added:
            if triple.predicate == _REPLACED and triple.subject == NamedNode(iri):
                return triple.object.value if isinstance(triple.object, NamedNode) else None
    return None


def _counted(changes: Iterable[tuple[Sequence[Quad], Sequence[Triple]]]) -> Counter[str]:
    """Count changed triples by the entity that they are about."""
    counts: Counter[str] = Counter()
    for quads, triples in changes:
        if not triples:
            continue
        holders = _holders(quads)
        for triple in triples:
            iri = _owner(triple.subject, holders)
            if iri is not None and iri.startswith(BASE):
                counts[iri] += 1
    return counts


def _holders(quads: Iterable[Quad]) -> dict[BlankNode, NamedNode | BlankNode]:
    """Return who each blank node belongs to; a statement about a triple belongs to its subject."""
    holders: dict[BlankNode, NamedNode | BlankNode] = {}
    for quad in quads:
        subject, value = quad.subject, quad.object
        if isinstance(value, BlankNode) and isinstance(subject, (NamedNode, BlankNode)):
            holders.setdefault(value, subject)
        elif (
            isinstance(subject, BlankNode)
            and quad.predicate == _ABOUT
            and isinstance(value, NamedNode)
        ):
            holders.setdefault(subject, value)
    return holders


def _owner(node: object, holders: Mapping[BlankNode, NamedNode | BlankNode]) -> str | None:
    seen = set()
    while isinstance(node, BlankNode) and node not in seen:
        seen.add(node)
        node = holders.get(node)
    return node.value if isinstance(node, NamedNode) else None


class _Elsewhere:
    """What the files that stay say of entities; a file is parsed only if it may name one.

    A file names an entity by the end of its IRI, unless it escapes characters.
    """

    def __init__(self, files: Files) -> None:
        self._files = [file for path, file in files.items() if is_graph(path)]
        self._escaping = {file.path for file in self._files if _has_escapes(file)}
        self._said: dict[str, dict[str, list[Quad]]] = {}

    def said_of(self, iri: str) -> Iterator[Quad]:
        end = iri.rstrip("/#").replace("#", "/").rpartition("/")[2].encode()
        for file in self._files:
            if end in file.content or file.path in self._escaping:
                yield from self._read(file).get(iri, ())

    def _read(self, file: ContentFile) -> dict[str, list[Quad]]:
        if file.path not in self._said:
            self._said[file.path] = _by_subject(_parsed(file))
        return self._said[file.path]


def _by_subject(quads: Iterable[Quad]) -> dict[str, list[Quad]]:
    said: dict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            said[quad.subject.value].append(quad)
    return said


class _Known:
    """What is said of entities in the changed graphs on one side, and in those that stay."""

    def __init__(self, changed: Iterable[Quad], elsewhere: _Elsewhere) -> None:
        self._said = _by_subject(changed)
        self._elsewhere = elsewhere

    def __contains__(self, iri: str) -> bool:
        return iri in self._said or any(True for _ in self._elsewhere.said_of(iri))

    def labels(self, iri: str) -> dict[str, str]:
        """Return the labels by language, English and French first."""
        quads = [*self._said.get(iri, ())]
        if not any(quad.predicate.value in _LABELS for quad in quads):
            quads += self._elsewhere.said_of(iri)
        for predicate in _LABELS:
            found = {
                quad.object.language or "": quad.object.value
                for quad in quads
                if quad.predicate.value == predicate and isinstance(quad.object, Literal)
            }
            if found:
                order = ("en", "fr")
                tags = sorted(found, key=lambda tag: (order.index(tag) if tag in order else 9, tag))
                return {tag: found[tag] for tag in tags}
        return {}

    def classes(self, iri: str) -> tuple[str, ...]:
        quads = [*self._said.get(iri, ())]
        if not any(quad.predicate == _TYPE for quad in quads):
            quads += self._elsewhere.said_of(iri)
        return tuple(
            sorted(
                {
                    quad.object.value
                    for quad in quads
                    if quad.predicate == _TYPE and isinstance(quad.object, NamedNode)
                }
            )
        )


def _has_escapes(file: ContentFile) -> bool:
    return b"\\u" in file.content or b"\\U" in file.content


def _parsed(file: ContentFile) -> list[Quad]:
    try:
        return list(read_quads(file))
    except ContentError:  # a file that was broken before is none of this change
        return []
