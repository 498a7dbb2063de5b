"""Closure and rules together, trimmed to statements about our own things.

The reasoner gets only what can entail something: the axioms of the ontology and the links between
our own resources. Alignments to other vocabularies stay outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyoxigraph import NamedNode, Quad, QueryTriples, Store, Triple

from migov.dataset import ContentFile, graph_iri, in_graph
from migov.errors import ContentError, ContentSyntaxError, Place
from migov.inference.closure import close
from migov.inference.fragment import close_fragment
from migov.sparql.stored import read_query
from migov.vocabulary import BASE, NS, STANDARD_PREFIXES

_RDF, _RDFS, _OWL = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl"))
_TYPE = NamedNode(_RDF + "type")
_ONTOLOGY = NamedNode(graph_iri("ontology/migov.ttl"))
_AXIOMS = {
    NamedNode(iri)
    for iri in (
        _RDF + "first",
        _RDF + "rest",
        _RDFS + "subClassOf",
        _RDFS + "subPropertyOf",
        _RDFS + "domain",
        _RDFS + "range",
        _OWL + "inverseOf",
        _OWL + "propertyChainAxiom",
        _OWL + "equivalentClass",
        _OWL + "equivalentProperty",
    )
}
_AXIOM_TYPES = {NamedNode(_OWL + name) for name in ("TransitiveProperty", "SymmetricProperty")}


@dataclass(frozen=True, slots=True)
class Rule:
    """One SPARQL CONSTRUCT file of `ontology/rules/`."""

    path: str
    text: str


def read_rules(files: Iterable[ContentFile]) -> list[Rule]:
    """Return the rules among the files of a dataset, in order of path.

    Raises ContentSyntaxError for a file that is not text.
    """
    return [
        Rule(file.path, _text(file))
        for file in sorted(files, key=lambda file: file.path)
        if file.path.endswith(".rq")
    ]


def _text(file: ContentFile) -> str:
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContentSyntaxError(
            f"{file.path} is not UTF-8.",
            place=Place(file.path, file.content.count(b"\n", 0, error.start) + 1),
            hint="Save it as UTF-8.",
        ) from error


def derive(
    asserted: Iterable[Quad], rules: Sequence[Rule], cache: Path | None = None
) -> list[Triple]:
    """Return what follows from the asserted quads and is not among them, sorted.

    owlrl is the reasoner, and closures are kept in the folder `cache` where one is given. Raises
    ContentSyntaxError for a rule that is no CONSTRUCT or reaches outside, and ContentError for one
    that cannot be run.
    """
    return Premises(asserted).derived(rules, partial(close, cache=cache))


def close_fast(triples: Sequence[Triple]) -> Iterable[Triple]:
    """Return the closure of triples as `close` does, by owlrl only where nothing faster can."""
    found = close_fragment(triples)
    return close(triples) if found is None else found


class Premises:
    """The union of asserted graphs as rules and reasoner look at it; it can follow a change."""

    def __init__(self, asserted: Iterable[Quad]) -> None:
        quads = list(asserted)
        self._union = {quad.triple for quad in quads}
        self._entailing = {quad.triple for quad in quads if _is_axiom(quad)}
        self._entailing |= {triple for triple in self._union if _is_link(triple)}
        self._store = Store()
        self._store.extend(map(in_graph, self._union))

    def change(self, added: Iterable[Triple], removed: Iterable[Triple]) -> None:
        """Take triples out of the union and put others in; the axioms stay as they were."""
        gone, new = set(removed), set(added)
        self._union = (self._union - gone) | new
        self._entailing -= {triple for triple in gone if _is_link(triple)}
        self._entailing |= {triple for triple in new if _is_link(triple)}
        for triple in gone:
            self._store.remove(in_graph(triple))
        self._store.extend(map(in_graph, new))

    @contextmanager
    def changed(self, added: Iterable[Triple], removed: Iterable[Triple]) -> Iterator[None]:
        """Follow a change, as `change` does, for the length of a `with` block."""
        new, gone = list(added), list(removed)
        self.change(new, gone)
        try:
            yield
        finally:
            self.change(gone, new)

    def derived(
        self, rules: Sequence[Rule], close: Callable[[Sequence[Triple]], Iterable[Triple]]
    ) -> list[Triple]:
        """Return what follows and is not asserted, sorted; raises as `derive`.

        Closure and rules alternate until neither adds anything, so a rule may build on the closure
        and the closure on a rule.
        """
        for rule in rules:
            _check(rule)
        derived: set[Triple] = set()
        try:
            while True:
                closed = close(_ordered(self._entailing | derived))
                fresh = {triple for triple in closed if _is_about_us(triple)}
                fresh -= self._union | derived
                derived |= fresh
                self._store.extend(map(in_graph, fresh))
                added = _apply(rules, self._store, self._union, derived)
                if not any(map(_is_link, added)):
                    return _ordered(derived)
        finally:
            for triple in derived:
                self._store.remove(in_graph(triple))


def _check(rule: Rule) -> None:
    if not isinstance(read_query(rule.path, rule.text), QueryTriples):
        raise ContentSyntaxError(
            f"{rule.path} is not a CONSTRUCT query.",
            place=Place(rule.path),
            hint="A rule is one SPARQL CONSTRUCT.",
        )


def _apply(
    rules: Sequence[Rule], store: Store, union: set[Triple], derived: set[Triple]
) -> set[Triple]:
    """Run the rules until they add nothing; extend `derived` and the store; return what is new."""
    added: set[Triple] = set()
    while True:
        fresh: set[Triple] = set()
        for rule in rules:
            fresh.update(triple for triple in _construct(rule, store) if _is_about_us(triple))
        fresh -= union | derived
        if not fresh:
            return added
        store.extend(in_graph(triple) for triple in fresh)
        derived |= fresh
        added |= fresh


def _construct(rule: Rule, store: Store) -> list[Triple]:
    try:
        result = store.query(rule.text)
        assert isinstance(result, QueryTriples)  # it was checked
        return list(result)
    except (OSError, RuntimeError, ValueError) as error:
        raise ContentError(
            f"{rule.path} cannot be run: {error}.",
            place=Place(rule.path),
            hint="Mend the rule; nothing of this state of the files was loaded.",
        ) from error


def _is_axiom(quad: Quad) -> bool:
    return quad.graph_name == _ONTOLOGY and (
        quad.predicate in _AXIOMS or (quad.predicate == _TYPE and quad.object in _AXIOM_TYPES)
    )


def _is_ours(term: object, base: str = BASE) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(base)


def entails(triple: Triple) -> bool:
    """Return whether the reasoner is given a triple of a file that is not the ontology."""
    return _is_link(triple)


def _is_link(triple: Triple) -> bool:
    """Whether the triple joins two of our resources by a term of ours, or gives one its class."""
    if not _is_ours(triple.subject) or _is_ours(triple.subject, NS):
        return False
    if triple.predicate == _TYPE:
        return _is_ours(triple.object, NS)
    return _is_ours(triple.predicate, NS) and _is_ours(triple.object)


def _is_about_us(triple: Triple) -> bool:
    return _is_link(triple) and triple.subject != triple.object


def _ordered(triples: Iterable[Triple]) -> list[Triple]:
    return sorted(triples, key=str)
