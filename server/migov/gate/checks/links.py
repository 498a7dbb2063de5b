"""Names of ours that nothing describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from migov.errors import Place
from migov.gate.checks.context import Context, did_you_mean, edit_name, named, suggestion
from migov.gate.checks.iris import wrong_form
from migov.gate.checks.state import FileFacts, std
from migov.gate.report import Finding
from migov.vocabulary import ASSERTED_GRAPH, BASE, GRAPH, INFERRED_GRAPH, NS, SHAPE

_VERSION: Final = std("owl", "versionIRI")
_NEVER: Final = (NS, SHAPE)


def check(context: Context) -> Iterator[Finding]:
    """Yield each name that a file uses and no file describes, once for each file."""
    lost = {iri for iri in context.lost if iri.startswith(BASE)}
    for facts in context.facts_with(lost):
        versions = {str(t.object)[1:-1] for t in facts.triples if t.predicate == _VERSION}
        used = {
            term.value
            for triple in facts.triples
            for term in (triple.predicate, triple.object)
            if isinstance(term, NamedNode) and term.value.startswith(BASE)
        }
        for iri in sorted(used - versions):
            if iri.startswith(_NEVER) or wrong_form(iri) is not None:
                continue  # the ontology knows its terms, and a malformed name is reported as such
            if not _is_known(context, iri):
                yield _dangling(context, facts, iri, facts.positions.mention_at(iri))


def _is_known(context: Context, iri: str) -> bool:
    if iri in (ASSERTED_GRAPH, INFERRED_GRAPH) or context.after.described_in(iri):
        return True
    if iri.startswith(GRAPH) and iri.removeprefix(GRAPH) in context.after.files:
        return True
    unread = {facts.path for facts in context.broken}
    return bool(unread) and not unread.isdisjoint(context.before.described_in(iri))


def _dangling(context: Context, facts: FileFacts, iri: str, place: Place) -> Finding:
    known = list(filter(context.after.described_in, context.after.describing))
    meant = did_you_mean(iri, known)
    en, fr = suggestion(meant)
    name = named(iri)
    if iri.startswith(GRAPH):
        en = f"There is no file for the graph {name}.{en}"
        fr = f"Aucun fichier ne correspond au graphe {name}.{fr}"
    else:
        en = f"Nothing describes {name}: correct its spelling, or describe it.{en}"
        fr = f"Rien ne décrit {name} : corrigez-en l’orthographe ou décrivez-le.{fr}"
    return context.finding(
        "dangling-iri",
        (en, fr),
        focus=NamedNode(iri),
        place=place,
        expected=None if meant is None else (named(meant), named(meant)),
        edits=[] if meant is None else edit_name(facts, place, iri, meant),
    )
