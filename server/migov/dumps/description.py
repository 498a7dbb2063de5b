"""What the dataset holds, counted and linked: VoID for the graph, DCAT for the files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from migov.dataset.files import MAPPINGS
from migov.snapshot import Snapshot
from migov.vocabulary import BASE, ID, INFERRED_GRAPH, NS, STANDARD_PREFIXES

DESCRIPTION: Final = "void.ttl"
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
DATASET: Final = BASE + "dataset"
PUBLISHER: Final = DATASET + "/publisher"

_VOID, _DCAT, _DCTERMS, _RDF, _FOAF, _XSD, _OWL = (
    STANDARD_PREFIXES[name] for name in ("void", "dcat", "dcterms", "rdf", "foaf", "xsd", "owl")
)
_SPDX: Final = "http://spdx.org/rdf/terms#"
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_TYPE: Final = NamedNode(_RDF + "type")
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_FEATURES: Final = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads")
_OF_MAPPING_SETS: Final = frozenset(
    {
        *(_DCTERMS + name for name in ("title", "license")),
        *(_VOID + name for name in ("linkPredicate", "objectsTarget")),
    }
)
"""What a mapping set says of itself that its description repeats."""
_VOCABULARIES: Final = ("dcterms", "foaf", "owl", "rdf", "rdfs", "skos")


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a dump: its name and media type, and its size and SHA-256 once it is written."""

    name: str
    media_type: str
    size: int | None = None
    sha256: str | None = None


@dataclass(slots=True)
class _Counts:
    """What is counted in one pass over the union of the asserted graphs."""

    subjects: set[object] = field(default_factory=set)
    objects: set[object] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    properties: Counter[str] = field(default_factory=Counter)
    classes: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    schemes: dict[object, NamedNode] = field(default_factory=dict)
    targets: dict[object, NamedNode] = field(default_factory=dict)
    links: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    about_links: dict[str, list[Quad]] = field(default_factory=lambda: defaultdict(list))

    def add(self, quad: Quad) -> None:
        subject, predicate, object_ = quad.subject, quad.predicate, quad.object
        self.subjects.add(subject)
        self.objects.add(object_)
        self.properties[predicate.value] += 1
        if isinstance(subject, NamedNode) and subject.value.startswith(ID):
            self.entities.add(subject.value)
        if isinstance(object_, NamedNode):
            if predicate == _TYPE:
                self.classes[object_.value].add(subject)
            elif predicate.value == NS + "scheme":
                self.schemes[subject] = object_
            elif predicate.value == NS + "identifierIRI":
                self.targets[subject] = object_

    def add_link(self, graph: NamedNode, quad: Quad) -> None:
        """Count a triple of a mapping set by its predicate, or keep what is said of the set."""
        if quad.subject == graph:
            self.about_links[graph.value].append(quad)
        else:
            self.links[graph.value][quad.predicate.value] += 1


def describe_dataset(
    snapshot: Snapshot, files: Sequence[Written] = (), *, site: str = BASE
) -> bytes:
    """Return the description as Turtle; see `description`."""
    prefixes = {
        name: STANDARD_PREFIXES[name] for name in ("void", "dcat", "dcterms", "foaf", "xsd")
    }
    triples = description(snapshot, files, site=site)
    return serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes) or b""


def description(
    snapshot: Snapshot, files: Sequence[Written] = (), *, site: str = BASE
) -> list[Triple]:
    """Return the description of a dataset (VoID, DCAT 3) and its dumps.

    `site` is the address, with its final slash, where the endpoint and the dumps are found: the
    project's own unless a server names another. The dataset has the same name everywhere.
    """
    counts = _Counts()
    for quad in parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS):
        if quad.graph_name == DefaultGraph():
            counts.add(quad)
        elif isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.endswith(MAPPINGS):
            counts.add_link(quad.graph_name, quad)
    triples = [*_dataset(snapshot, counts, site), *_subsets(snapshot), *_linksets(counts)]
    triples += _mapping_sets(counts)
    triples += _partitions(counts)
    triples += _distributions(files, site)
    triples += _endpoint(site)
    return triples


def say(subject: NamedNode | BlankNode, *pairs: tuple[str, object]) -> Iterator[Triple]:
    """Yield triples; text becomes an IRI, a number an integer."""
    for predicate, value in pairs:
        if isinstance(value, str):
            value = NamedNode(value)
        elif isinstance(value, int):
            value = Literal(str(value), datatype=NamedNode(_XSD + "integer"))
        assert isinstance(value, (NamedNode, BlankNode, Literal))
        yield Triple(subject, NamedNode(predicate), value)


def _dataset(snapshot: Snapshot, counts: _Counts, site: str) -> Iterator[Triple]:
    dataset, publisher = NamedNode(DATASET), NamedNode(PUBLISHER)
    yield from say(
        publisher,
        (_RDF + "type", _FOAF + "Agent"),
        (_FOAF + "name", Literal("The migov maintainers")),
    )
    yield from say(
        NamedNode(site + "dumps/" + DESCRIPTION),
        (_RDF + "type", _VOID + "DatasetDescription"),
        (_FOAF + "primaryTopic", dataset),
    )
    yield from say(
        dataset,
        (_RDF + "type", _VOID + "Dataset"),
        (_RDF + "type", _DCAT + "Dataset"),
        (_DCTERMS + "title", Literal("migov: a graph of migration governance", language="en")),
        (
            _DCTERMS + "title",
            Literal("migov : un graphe de la gouvernance des migrations", language="fr"),
        ),
        (
            _DCTERMS + "description",
            Literal(
                "Initiatives that govern migration, who takes part in them and in which role, "
                "where and when, each statement with the record and the source lines that it "
                "comes from.",
                language="en",
            ),
        ),
        (
            _DCTERMS + "description",
            Literal(
                "Les initiatives de gouvernance des migrations, qui y prend part et à quel titre, "
                "où et quand ; chaque affirmation avec la notice et les lignes de la source dont "
                "elle vient.",
                language="fr",
            ),
        ),
        (_DCTERMS + "license", LICENCE),
        (_DCTERMS + "publisher", publisher),
        (_DCTERMS + "identifier", Literal(snapshot.digest)),
        (_DCAT + "version", Literal(snapshot.name)),
        (_OWL + "versionInfo", Literal(snapshot.name)),
        (_FOAF + "homepage", site),
        (_VOID + "sparqlEndpoint", site + "sparql"),
        (_VOID + "uriSpace", Literal(BASE)),
        (_VOID + "exampleResource", ID + "initiative/thamm"),
        (_VOID + "exampleResource", ID + "actor/ilo"),
        *((_VOID + "vocabulary", STANDARD_PREFIXES[name]) for name in _VOCABULARIES),
        (_VOID + "vocabulary", NS),
        (_VOID + "triples", snapshot.triples),
        (_VOID + "entities", len(counts.entities)),
        (_VOID + "distinctSubjects", len(counts.subjects)),
        (_VOID + "distinctObjects", len(counts.objects)),
        (_VOID + "properties", len(counts.properties)),
        (_VOID + "classes", len(counts.classes)),
        *((_VOID + "feature", _FORMATS + name) for name in _FEATURES),
    )


def _subsets(snapshot: Snapshot) -> Iterator[Triple]:
    dataset = NamedNode(DATASET)
    for graph, size in [*sorted(snapshot.graphs.items()), (INFERRED_GRAPH, snapshot.inferred)]:
        node = NamedNode(graph)
        yield from say(dataset, (_VOID + "subset", node))
        yield from say(node, (_RDF + "type", _VOID + "Dataset"), (_VOID + "triples", size))


def _linksets(counts: _Counts) -> Iterator[Triple]:
    """One linkset for each scheme of identifiers that have an address of their own."""
    by_scheme = Counter(
        counts.schemes[node].value for node in counts.targets if node in counts.schemes
    )
    for scheme, links in sorted(by_scheme.items()):
        node = NamedNode(f"{DATASET}/links/{scheme.rpartition('/')[2]}")
        yield from say(NamedNode(DATASET), (_VOID + "subset", node))
        yield from say(
            node,
            (_RDF + "type", _VOID + "Linkset"),
            (_VOID + "subjectsTarget", DATASET),
            (_VOID + "objectsTarget", scheme),
            (_VOID + "linkPredicate", NS + "identifierIRI"),
            (_VOID + "triples", links),
        )


def _mapping_sets(counts: _Counts) -> Iterator[Triple]:
    """One linkset for each mapping set, with its links by predicate, and what it links to."""
    for graph, about in sorted(counts.about_links.items()):
        name = graph.rpartition("/")[2].removesuffix(MAPPINGS)
        node, links = NamedNode(f"{DATASET}/linkset/{name}"), counts.links[graph]
        yield from say(NamedNode(DATASET), (_VOID + "subset", node))
        yield from say(
            node,
            (_RDF + "type", _VOID + "Linkset"),
            (_DCTERMS + "source", graph),
            (_VOID + "subjectsTarget", DATASET),
            (_VOID + "triples", links.total()),
        )
        for quad in about:
            if quad.predicate.value in _OF_MAPPING_SETS:
                yield Triple(node, quad.predicate, quad.object)
            if quad.predicate.value == _VOID + "objectsTarget":
                yield from _target(quad.object)
        several = sorted(links.items()) if len(links) > 1 else ()
        for number, (predicate, uses) in enumerate(several):
            part = BlankNode(f"links{number}in{name}")
            yield from say(node, (_VOID + "propertyPartition", part))
            yield from say(part, (_VOID + "property", predicate), (_VOID + "triples", uses))


def _target(target: object) -> Iterator[Triple]:
    """Say of a dataset elsewhere that this one links to it; its IRIs begin with its name here."""
    assert isinstance(target, NamedNode)
    yield from say(NamedNode(DATASET), (_DCTERMS + "relation", target))
    yield from say(
        target, (_RDF + "type", _VOID + "Dataset"), (_VOID + "uriSpace", Literal(target.value))
    )


def _partitions(counts: _Counts) -> Iterator[Triple]:
    dataset = NamedNode(DATASET)
    for number, (name, members) in enumerate(sorted(counts.classes.items())):
        node = BlankNode(f"class{number}")
        yield from say(dataset, (_VOID + "classPartition", node))
        yield from say(node, (_VOID + "class", name), (_VOID + "entities", len(members)))
    for number, (name, uses) in enumerate(sorted(counts.properties.items())):
        node = BlankNode(f"property{number}")
        yield from say(dataset, (_VOID + "propertyPartition", node))
        yield from say(node, (_VOID + "property", name), (_VOID + "triples", uses))


def _endpoint(site: str) -> Iterator[Triple]:
    """The endpoint as DCAT has it: a data service whose description is the service's own."""
    endpoint = NamedNode(site + "sparql")
    yield from say(
        endpoint,
        (_RDF + "type", _DCAT + "DataService"),
        (_DCTERMS + "title", Literal("SPARQL endpoint of migov", language="en")),
        (_DCTERMS + "title", Literal("Point d’accès SPARQL de migov", language="fr")),
        (_DCTERMS + "conformsTo", "https://www.w3.org/TR/sparql11-protocol/"),
        (_DCAT + "endpointURL", endpoint),
        (_DCAT + "endpointDescription", endpoint),
        (_DCAT + "servesDataset", DATASET),
    )


def _distributions(files: Iterable[Written], site: str) -> Iterator[Triple]:
    dataset = NamedNode(DATASET)
    for number, file in enumerate(files):
        address = f"{site}dumps/{file.name}"
        node = NamedNode(f"{DATASET}/distribution/{file.name}")
        yield from say(dataset, (_DCAT + "distribution", node))
        if file.media_type != "application/zip":
            yield from say(dataset, (_VOID + "dataDump", address))
        yield from say(
            node,
            (_RDF + "type", _DCAT + "Distribution"),
            (_DCAT + "accessURL", address),
            (_DCAT + "downloadURL", address),
            (_DCAT + "mediaType", _MEDIA + file.media_type),
            (_DCTERMS + "license", LICENCE),
        )
        if file.name.endswith(".gz"):
            yield from say(node, (_DCAT + "compressFormat", _MEDIA + "application/gzip"))
        if file.size is not None and file.sha256 is not None:
            checksum = BlankNode(f"checksum{number}")
            size = Literal(str(file.size), datatype=NamedNode(_XSD + "nonNegativeInteger"))
            yield from say(node, (_DCAT + "byteSize", size), (_SPDX + "checksum", checksum))
            yield from say(
                checksum,
                (_RDF + "type", _SPDX + "Checksum"),
                (_SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256"),
                (
                    _SPDX + "checksumValue",
                    Literal(file.sha256, datatype=NamedNode(_XSD + "hexBinary")),
                ),
            )
