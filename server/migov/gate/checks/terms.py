"""Terms that no vocabulary has: ours, and the standard ones that we use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple
from rdflib import namespace

from migov.errors import Place
from migov.gate.checks.context import Context, did_you_mean, edit_name, named, suggestion
from migov.gate.checks.state import ONTOLOGY, TYPE, FileFacts, State
from migov.gate.report import Edit, Finding, Severity
from migov.vocabulary import BASE, NS, STANDARD_PREFIXES

_CLOSED: Final = {
    "dcat": namespace.DCAT,
    "dcterms": namespace.DCTERMS,
    "foaf": namespace.FOAF,
    "org": namespace.ORG,
    "owl": namespace.OWL,
    "prov": namespace.PROV,
    "rdf": namespace.RDF,
    "rdfs": namespace.RDFS,
    "schema": namespace.SDO,
    "sh": namespace.SH,
    "skos": namespace.SKOS,
    "void": namespace.VOID,
    "xsd": namespace.XSD,
}
# Terms of these vocabularies that rdflib's lists leave out.
_MORE: Final = {"rdf": ("langString", "HTML", "JSON", "XMLLiteral", "PlainLiteral")}
_GROWING: Final = ("schema",)


@lru_cache
def standard_terms(prefix: str) -> frozenset[str]:
    """Return the IRIs of the terms of a standard vocabulary.

    >>> "http://www.w3.org/2004/02/skos/core#prefLabel" in standard_terms("skos")
    True
    """
    terms = {str(term) for term in dir(_CLOSED[prefix]) if str(term).startswith("http")}
    base = STANDARD_PREFIXES[prefix]
    return frozenset({term for term in terms if term.startswith(base)}) | {
        base + name for name in _MORE.get(prefix, ())
    }


def check(context: Context) -> Iterator[Finding]:
    """Yield the terms that are unknown, only ever inferred, or used as what they are not."""
    gone = {iri for iri in context.lost if iri.startswith(NS)}
    if ONTOLOGY in context.touched:  # a term may have lost its class and still be described
        gone |= {iri for iri in context.after.describing if iri.startswith(NS)}
        gone -= context.ontology.terms
    for facts in context.facts_with(gone):
        seen: set[tuple[str, Place]] = set()
        for iri, at, triple in _uses(facts):
            if _is_known(context, iri):
                continue
            place = at(triple)
            if (iri, place) not in seen:
                seen.add((iri, place))
                yield _unknown(context, facts, iri, place, triple)
        yield from _misused(context, facts)
    yield from _new_foreign(context)


def _new_foreign(context: Context) -> Iterator[Finding]:
    """Yield the terms of open vocabularies that no file used before, once for each file.

    Nobody here knows all of their terms, so the spelling of one that is new is looked at once.
    """
    if not context.before.files:
        return
    used = _used(context.before)
    for facts in context.files:
        seen: set[str] = set()
        for triple in facts.triples:
            terms = [(triple.predicate.value, facts.positions.predicate_at)]
            if triple.predicate == TYPE and isinstance(triple.object, NamedNode):
                terms.append((triple.object.value, facts.positions.object_at))
            for iri, at in terms:
                if iri in used or iri in seen or iri in context.after.describing or _is_ours(iri):
                    continue
                seen.add(iri)
                yield _never_used(context, facts, iri, at(triple), triple, used)


def _is_ours(iri: str) -> bool:
    """Whether another rule knows all terms of the vocabulary, or of our own names."""
    return iri.startswith(BASE) or _prefix(iri) is not None


def _used(state: State) -> frozenset[str]:
    """Return the predicates and classes that a state uses, found once for every change to it."""
    found = state.memo.get("terms")
    if not isinstance(found, frozenset):
        found = frozenset().union(*(f.predicates | f.classes for f in state.all_facts()))
        state.memo["terms"] = found
    return found


def _never_used(
    context: Context,
    facts: FileFacts,
    iri: str,
    place: Place,
    triple: Triple,
    used: frozenset[str],
) -> Finding:
    meant = did_you_mean(iri, used)
    en, fr = suggestion(meant)
    return context.finding(
        "new-foreign-term",
        (
            f"No file has used {named(iri)} before: is it spelt as its vocabulary has it?{en}",
            f"Aucun fichier n’a encore employé {named(iri)} : est-il écrit comme dans son "
            f"vocabulaire ?{fr}",
        ),
        severity=Severity.WARNING,
        focus=NamedNode(iri),
        predicate=triple.predicate,
        place=place,
        expected=None if meant is None else (named(meant), named(meant)),
        edits=_edits(facts, place, iri, meant),
    )


def _uses(facts: FileFacts) -> Iterator[tuple[str, Callable[[Triple], Place], Triple]]:
    """Yield each IRI that is used as a term, with the way to its place and its triple."""
    positions = facts.positions
    for triple in facts.triples:
        if isinstance(triple.subject, NamedNode):
            yield triple.subject.value, positions.subject_at, triple
        yield triple.predicate.value, positions.predicate_at, triple
        if isinstance(triple.object, NamedNode):
            yield triple.object.value, positions.object_at, triple
        elif isinstance(triple.object, Literal) and triple.object.language is None:
            yield triple.object.datatype.value, positions.object_at, triple


def _is_known(context: Context, iri: str) -> bool:
    if iri.startswith(NS):
        return iri == NS or iri in context.ontology.terms
    prefix = _prefix(iri)
    return prefix is None or iri in standard_terms(prefix)


@lru_cache(maxsize=4096)
def _prefix(iri: str) -> str | None:
    """Return the prefix of the standard vocabulary that an IRI claims to be a term of."""
    for prefix in _CLOSED:
        local = iri.removeprefix(STANDARD_PREFIXES[prefix])
        if local not in (iri, ""):
            is_member = prefix == "rdf" and local[0] == "_" and local[1:].isdigit()
            return None if is_member else prefix  # rdf:_1, rdf:_2 … are without end
    return None


def _unknown(context: Context, facts: FileFacts, iri: str, place: Place, triple: Triple) -> Finding:
    prefix = _prefix(iri)
    meant = did_you_mean(iri, context.ontology.terms if prefix is None else standard_terms(prefix))
    en, fr = suggestion(meant)
    name = named(iri)
    if prefix is None:
        messages = (
            f"The ontology has no term {name}.{en}",
            f"L’ontologie n’a pas de terme {name}.{fr}",
        )
    else:
        messages = (
            f"The vocabulary {prefix}: has no term {name}.{en}",
            f"Le vocabulaire {prefix}: n’a pas de terme {name}.{fr}",
        )
    return context.finding(
        "unknown-term" if prefix is None else "unknown-standard-term",
        messages,
        severity=Severity.WARNING if prefix in _GROWING else Severity.VIOLATION,
        focus=NamedNode(iri),
        predicate=triple.predicate,
        place=place,
        expected=None if meant is None else (named(meant), named(meant)),
        edits=_edits(facts, place, iri, meant),
    )


def _edits(facts: FileFacts, place: Place, wrong: str, meant: str | None) -> list[Edit]:
    if meant is None:
        return []
    edits = edit_name(facts, place, wrong, meant)
    if edits or place.column is None:
        return edits
    written = facts.positions.text_at(place)
    at = written.find("^^")  # the wrong name is the datatype of a literal
    if at < 0:
        return []
    _, _, tail = written[at + 2 :].partition(":")
    name, right = wrong.rpartition("#")[2], meant.rpartition("#")[2]
    prefix = written[at + 2 :].partition(":")[0]
    if not tail.startswith(name):
        return []
    old = f"{written[:at]}^^{prefix}:{name}"
    return [Edit(place, old, f"{written[:at]}^^{prefix}:{right}")]


def _misused(context: Context, facts: FileFacts) -> Iterator[Finding]:
    ontology = context.ontology
    for triple in facts.triples:
        predicate, value = triple.predicate.value, triple.object
        if predicate in ontology.inferred_only:
            yield context.finding(
                "inferred-only",
                (
                    f"{named(predicate)} is never asserted: it follows from other statements. "
                    "Write those, such as a participation, and leave this out.",
                    f"{named(predicate)} n’est jamais affirmé : il découle d’autres énoncés. "
                    "Écrivez ceux-ci, par exemple une participation, et retirez cette ligne.",
                ),
                focus=triple.subject if isinstance(triple.subject, NamedNode) else None,
                predicate=triple.predicate,
                value=value,
                place=facts.positions.predicate_at(triple),
            )
        elif predicate in ontology.classes:
            yield _not_that(context, facts, triple, predicate, ("class", "une classe"))
        elif triple.predicate == TYPE:
            if not isinstance(value, NamedNode):
                yield _no_class(context, facts, triple)
            elif value.value in ontology.properties:
                yield _not_that(context, facts, triple, value.value, ("property", "une propriété"))


def _no_class(context: Context, facts: FileFacts, triple: Triple) -> Finding:
    is_text = isinstance(triple.object, Literal)
    return context.finding(
        "misused-term",
        (
            f"A {'text' if is_text else 'nameless node'} is no class. Write the IRI of one.",
            f"Un {'texte' if is_text else 'nœud sans nom'} n’est pas une classe. Écrivez l’IRI "
            "d’une classe.",
        ),
        focus=triple.subject if isinstance(triple.subject, NamedNode) else None,
        predicate=triple.predicate,
        value=triple.object if is_text else None,
        place=facts.positions.object_at(triple),
        expected=("a class of the ontology", "une classe de l’ontologie"),
    )


def _not_that(
    context: Context, facts: FileFacts, triple: Triple, iri: str, what: tuple[str, str]
) -> Finding:
    as_class = iri != triple.predicate.value
    positions = facts.positions
    return context.finding(
        "misused-term",
        (
            f"{named(iri)} is a {what[0]} and is used here as a "
            f"{'class' if as_class else 'property'}.",
            f"{named(iri)} est {what[1]} et sert ici de {'classe' if as_class else 'propriété'}.",
        ),
        focus=NamedNode(iri),
        predicate=triple.predicate,
        place=positions.object_at(triple) if as_class else positions.predicate_at(triple),
    )
