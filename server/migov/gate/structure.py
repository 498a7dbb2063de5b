"""What the files must keep beside their shapes: graphs, names and links that SHACL cannot see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad
from rapidfuzz import process
from rdflib import URIRef

from migov.dataset import ContentFile, graph_iri, read_quads
from migov.errors import ContentSyntaxError, Place
from migov.gate.positions import Positions
from migov.gate.report import Finding, Severity
from migov.vocabulary import (
    ASSERTED_GRAPH,
    BASE,
    GRAPH,
    INFERRED_GRAPH,
    NS,
    SHAPE,
    STANDARD_PREFIXES,
    compact,
)

_TYPE: Final = NamedNode(STANDARD_PREFIXES["rdf"] + "type")
_VERSION: Final = NamedNode(STANDARD_PREFIXES["owl"] + "versionIRI")
_DESCRIBED: Final = {NamedNode(NS + "SourceRecord"), NamedNode(NS + "CuratedGraph")}
_LIKENESS: Final = 75

BLANK: Final = "FILL: "
"""How a scaffold marks a text that somebody still has to write."""


def syntax_errors(files: Iterable[ContentFile]) -> list[ContentSyntaxError]:
    """Return what is wrong with the Turtle of the files, one error for each broken file."""
    errors = []
    for file in files:
        try:
            for _ in read_quads(file):
                pass
        except ContentSyntaxError as error:
            errors.append(error)
    return errors


def check_structure(files: Sequence[ContentFile]) -> list[Finding]:
    """Return the findings about valid files, in order of place."""
    turtle = [file for file in files if file.path.endswith(".ttl")]
    quads = {file.path: list(read_quads(file)) for file in turtle}
    positions = {file.path: Positions(file) for file in turtle}
    findings = [
        *(finding for file in turtle for finding in _base(file, positions[file.path])),
        *(finding for file in turtle for finding in _description(file, quads[file.path])),
        *(f for file in turtle for f in _blanks(quads[file.path], positions[file.path])),
        *_dangling(quads, positions),
    ]
    return sorted(findings, key=_where)


def _where(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.place or Place("")
    return place.source, place.line or 0, place.column or 0, finding.rule


def _base(file: ContentFile, positions: Positions) -> Iterator[Finding]:
    if positions.base != file.graph:
        written = f"<{positions.base}>" if positions.base else "none"
        yield Finding(
            "graph-base",
            Severity.VIOLATION,
            {
                "en": f"The file begins with “@base <{file.graph}> .”, the name of its graph; "
                f"its base is {written}.",
                "fr": f"Le fichier commence par « @base <{file.graph}> . », le nom de son graphe ; "
                f"sa base est {written}.",
            },
            focus=URIRef(file.graph),
            place=Place(file.path, 1, 1, file.content.decode("utf-8").partition("\n")[0]),
        )


def _description(file: ContentFile, quads: Sequence[Quad]) -> Iterator[Finding]:
    graph = NamedNode(file.graph)
    types = {q.object for q in quads if q.subject == graph and q.predicate == _TYPE}
    if not types & _DESCRIBED:
        yield Finding(
            "graph-described",
            Severity.VIOLATION,
            {
                "en": "The file says what its graph is: <> a mg:SourceRecord for what a source "
                "says, <> a mg:CuratedGraph for the editors’ own.",
                "fr": "Le fichier dit ce qu’est son graphe : <> a mg:SourceRecord pour ce que dit "
                "une source, <> a mg:CuratedGraph pour ce qui vient de la rédaction.",
            },
            focus=URIRef(file.graph),
            place=Place(file.path),
        )


def _blanks(quads: Sequence[Quad], positions: Positions) -> Iterator[Finding]:
    """Yield a finding for each blank of a scaffold that nobody has filled in."""
    for quad in quads:
        if isinstance(quad.object, Literal) and quad.object.value.startswith(BLANK):
            what = quad.object.value.removeprefix(BLANK)
            subject = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
            yield Finding(
                "blank-left",
                Severity.VIOLATION,
                {"en": f"Fill this in: {what}.", "fr": f"À remplir : {what}."},
                focus=URIRef(subject) if subject else None,
                path=compact(quad.predicate.value),
                place=positions.text(quad.object.value),
            )


def _dangling(
    quads: Mapping[str, Sequence[Quad]], positions: Mapping[str, Positions]
) -> Iterator[Finding]:
    """Yield a finding for each name of ours that a file uses and nothing describes."""
    known = {ASSERTED_GRAPH, INFERRED_GRAPH}
    used: dict[str, list[str]] = defaultdict(list)
    for path, graph in quads.items():
        known.add(graph_iri(path))
        for quad in graph:
            if isinstance(quad.subject, NamedNode):
                known.add(quad.subject.value)
            if quad.predicate == _VERSION and isinstance(quad.object, NamedNode):
                known.add(quad.object.value)
            for term in (quad.predicate, quad.object):
                if isinstance(term, NamedNode) and term.value.startswith(BASE):
                    used[term.value].append(path)
    candidates = sorted(iri for iri in known if iri.startswith(BASE))
    for iri in sorted(set(used) - known):
        if not iri.startswith(SHAPE):
            for path in dict.fromkeys(used[iri]):
                yield _unknown(iri, positions[path].mention(iri), candidates)


def _unknown(iri: str, place: Place, known: Sequence[str]) -> Finding:
    alike = did_you_mean(iri, known)
    name = compact(iri)
    en = f" Did you mean {compact(alike)}?" if alike else ""
    fr = f" Vouliez-vous dire {compact(alike)} ?" if alike else ""
    if iri.startswith(NS):
        en = f"The ontology has no term {name}.{en}"
        fr = f"L’ontologie n’a pas de terme {name}.{fr}"
    elif iri.startswith(GRAPH):
        en = f"There is no file for the graph <{iri}>.{en}"
        fr = f"Aucun fichier ne correspond au graphe <{iri}>.{fr}"
    else:
        en = f"Nothing describes {name}: correct its spelling, or describe it.{en}"
        fr = f"Rien ne décrit {name} : corrigez-en l’orthographe ou décrivez-le.{fr}"
    rule = "unknown-term" if iri.startswith(NS) else "dangling-iri"
    return Finding(rule, Severity.VIOLATION, {"en": en, "fr": fr}, URIRef(iri), place=place)


def did_you_mean(iri: str, known: Sequence[str]) -> str | None:
    """Return the known IRI of the same folder whose last part is most like it, or None.

    >>> did_you_mean("https://w3id.org/migov/ns#Initative", ["https://w3id.org/migov/ns#Initiative"])
    'https://w3id.org/migov/ns#Initiative'
    """
    at = max(iri.rfind("/"), iri.rfind("#")) + 1
    locals_ = {other[at:]: other for other in known if other[:at] == iri[:at] and other[at:]}
    found = process.extractOne(iri[at:], list(locals_), score_cutoff=_LIKENESS)
    return locals_[found[0]] if found else None
