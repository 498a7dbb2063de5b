"""The curated reference data: places, actors, documents, people, and what every data file keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pycountry
import pyoxigraph
import pytest
from babel import Locale
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
BASE = "https://w3id.org/migov/"
MG = Namespace(f"{BASE}ns#")
PLACE = Namespace(f"{BASE}id/place/")
ACTOR = Namespace(f"{BASE}id/actor/")
SCHEME = Namespace(f"{BASE}concept/identifier-scheme/")
WORLD = PLACE["m49-001"]
DATA_FILES = sorted(DATA.rglob("*.ttl"))
CLDR = {language: Locale(language).territories for language in ("en", "fr", "es", "ar")}

# How many countries and territories of ISO 3166-1 each region of M49 holds.
M49_COUNTRIES = {
    "001": 249,
    **{"002": 60, "015": 7, "202": 53, "011": 17, "014": 22, "017": 9, "018": 5},
    **{"019": 57, "021": 5, "419": 52, "005": 16, "013": 8, "029": 28},
    **{"142": 51, "030": 8, "034": 9, "035": 11, "143": 5, "145": 18},
    **{"150": 51, "039": 16, "151": 10, "154": 16, "155": 9},
    **{"009": 29, "053": 6, "054": 5, "057": 8, "061": 10},
}


def load(*folders: str) -> Graph:
    """The union of the Turtle files below the named folders of data/."""
    graph = Graph()
    for folder in folders:
        for path in sorted((DATA / folder).rglob("*.ttl")):
            graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def places() -> Graph:
    return load("places")


@pytest.fixture(scope="module")
def actors() -> Graph:
    return load("actors")


@pytest.fixture(scope="module")
def curated() -> Graph:
    return load("places", "actors", "documents", "instruments", "people")


def text(graph: Graph, subject: Node, predicate: URIRef) -> str:
    """The one value of a property, as text."""
    values = list(graph.objects(subject, predicate))
    assert len(values) == 1, f"{subject} has {len(values)} values of {predicate}"
    return str(values[0])


def countries(graph: Graph) -> list[URIRef]:
    return [node for node in graph.subjects(RDF.type, MG.Country) if isinstance(node, URIRef)]


def identifiers(graph: Graph) -> Iterator[tuple[URIRef, str, str, str | None]]:
    """Who is identified, in which scheme, by which value and by which IRI."""
    for holder, node in graph.subject_objects(MG.identifier):
        assert isinstance(holder, URIRef)
        scheme = graph.value(node, MG.scheme, any=False)
        iri = graph.value(node, MG.identifierIRI, any=False)
        assert isinstance(scheme, URIRef), f"{holder} has an identifier without a scheme"
        value = text(graph, node, MG.value)
        yield holder, scheme.removeprefix(str(SCHEME)), value, str(iri) if iri else None


# Every data file


@pytest.mark.parametrize("path", DATA_FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_file_is_read_alike_by_both_parsers_and_names_its_own_graph(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    graph_iri = f"{BASE}graph/{path.relative_to(ROOT).as_posix()}"

    assert content.splitlines()[0] == f"@base <{graph_iri}> ."
    assert content.endswith("\n")
    rdflib_graph = Graph().parse(data=content, format="turtle")
    triples = set(pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.TURTLE))
    assert len(rdflib_graph) == len(triples) > 0

    kinds = set(rdflib_graph.objects(URIRef(graph_iri), RDF.type))
    expected = MG.SourceRecord if path.is_relative_to(DATA / "records") else MG.CuratedGraph
    assert expected in kinds


def test_the_example_of_the_readme_is_a_record() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```turtle\n(.*?)```", readme, re.DOTALL)
    graph = Graph().parse(data=example, format="turtle")
    record = URIRef(f"{BASE}graph/data/records/gfmd/example.ttl")
    assert (record, RDF.type, MG.SourceRecord) in graph
    for annotation in graph.subjects(RDF.type, MG.Annotation):
        subject, predicate, value = (
            graph.value(annotation, term) for term in (RDF.subject, RDF.predicate, RDF.object)
        )
        assert (subject, predicate, value) in graph


def test_no_email_address_anywhere() -> None:
    address = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
    found = {
        path.relative_to(DATA).as_posix(): address.findall(path.read_text(encoding="utf-8"))
        for path in DATA.rglob("*")
        if path.is_file()
    }
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_names_of_people_stand_in_their_own_folder_alone() -> None:
    people = load("people")
    names = {str(name) for name in people.objects(None, MG.name)}
    names |= {str(label) for label in people.objects(None, SKOS.prefLabel)}
    # Each part of a name counts, except titles and numerals that are ordinary words elsewhere.
    parts = {part for name in names for part in re.findall(r"\w{3,}", name)} - {"King", "Roi"}
    assert len(parts) >= 10
    pattern = re.compile(rf"\b({'|'.join(sorted(parts))})\b", re.IGNORECASE)
    found = {
        path.relative_to(DATA).as_posix(): pattern.findall(path.read_text(encoding="utf-8"))
        for path in DATA.rglob("*")
        if path.is_file() and not path.is_relative_to(DATA / "people")
    }
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_locators_lie_within_their_documents() -> None:
    documents = load("documents")
    lines = {
        text(documents, node, DCTERMS.identifier): int(text(documents, node, MG.lineCount))
        for node in documents.subjects(RDF.type, MG.SourceDocument)
    }
    assert {"000", "001", "002", "003", "004"} <= set(lines)
    syntax = re.compile(r"\d{3}:\d+(-\d+)?(,\d+(-\d+)?)*")
    records = load("records")
    for predicate in (MG.locator, MG.extent):
        for locator in map(str, records.objects(None, predicate)):
            assert syntax.fullmatch(locator), locator
            document, spans = locator.split(":")
            numbers = [int(number) for number in re.findall(r"\d+", spans)]
            assert 1 <= min(numbers) <= max(numbers) <= lines[document], locator


def test_documents_are_named_by_a_digest() -> None:
    digests = [str(digest) for digest in load("documents").objects(None, MG.sha256)]
    assert len(set(digests)) == len(digests) == len(list((DATA / "documents").glob("*.ttl")))
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)


def test_labels_are_one_in_english_one_in_french_and_never_two(curated: Graph) -> None:
    described = {
        node
        for node in curated.subjects(RDF.type, None)
        if isinstance(node, URIRef) and node.startswith(f"{BASE}id/")
    }
    assert described
    for node in described:
        labels = list(curated.objects(node, SKOS.prefLabel))
        assert all(isinstance(label, Literal) for label in labels)
        count = Counter(label.language for label in labels if isinstance(label, Literal))
        assert {"en", "fr"} <= set(count), f"{node} lacks a label in English or French"
        assert set(count.values()) == {1}, f"{node} has two labels in one language"
        assert all(str(label).strip() == str(label) != "" for label in labels)


# Places


def test_countries_are_those_of_iso_3166(places: Graph) -> None:
    codes = {
        (
            str(country),
            text(places, country, MG.isoAlpha2),
            text(places, country, MG.isoAlpha3),
            text(places, country, MG.m49),
        )
        for country in countries(places)
    }
    assert len(codes) == 249
    assert codes == {
        (str(PLACE[entry.alpha_3.lower()]), entry.alpha_2, entry.alpha_3, entry.numeric)
        for entry in pycountry.countries
    }


def test_country_labels_are_those_of_cldr(places: Graph) -> None:
    for country in countries(places):
        code = text(places, country, MG.isoAlpha2)
        labels = {
            label.language: str(label)
            for label in places.objects(country, SKOS.prefLabel)
            if isinstance(label, Literal)
        }
        assert labels == {language: names[code] for language, names in CLDR.items()}


def test_every_place_reaches_the_world(places: Graph) -> None:
    kinds = (MG.Country, MG.Region, MG.Locality)
    for place in {node for kind in kinds for node in places.subjects(RDF.type, kind)}:
        reached = set(places.transitive_objects(place, MG.within))
        assert WORLD in reached, f"{place} does not reach the World"
    assert list(places.objects(WORLD, MG.within)) == []


def test_m49_regions_hold_their_countries(places: Graph) -> None:
    regions = [node for node in places.subjects(RDF.type, MG.Region) if "/m49-" in str(node)]
    assert len(regions) == 30
    for region in regions:
        code = text(places, region, MG.m49)
        assert re.fullmatch(r"\d{3}", code)
        assert region == PLACE[f"m49-{code}"]

    held = Counter(
        str(ancestor).removeprefix(str(PLACE))
        for country in countries(places)
        for ancestor in places.transitive_objects(country, MG.within)
    )
    counts = {place.removeprefix("m49-"): n for place, n in held.items() if "m49-" in place}
    assert counts == M49_COUNTRIES
    # Antarctica belongs to no continent of M49.
    assert counts["001"] == sum(counts[code] for code in ("002", "009", "019", "142", "150")) + 1
    assert list(places.objects(PLACE.ata, MG.within)) == [WORLD]


def test_regions_of_the_sources_are_close_to_m49_and_never_equal(places: Graph) -> None:
    assert not list(places.triples((None, SKOS.exactMatch, None)))
    assert (PLACE["north-africa"], SKOS.closeMatch, PLACE["m49-015"]) in places
    assert (PLACE["sub-saharan-africa"], SKOS.closeMatch, PLACE["m49-202"]) in places


def test_corridors_join_two_known_places(places: Graph) -> None:
    corridors = list(places.subjects(RDF.type, MG.Corridor))
    assert len(corridors) >= 10
    for corridor in corridors:
        ends = [
            places.value(corridor, end, any=False)
            for end in (MG.corridorOrigin, MG.corridorDestination)
        ]
        assert all((end, RDF.type, None) in places for end in ends)
        assert ends[0] != ends[1]


# Identifiers


def is_ror(value: str) -> bool:
    """The last two digits of a ROR identifier are an ISO 7064 MOD 97-10 checksum."""
    if not re.fullmatch(r"0[0-9a-hj-km-np-tv-z]{6}\d{2}", value):
        return False
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for character in value[:-2]:
        number = number * 32 + alphabet.index(character)
    return (number * 100 + int(value[-2:])) % 97 == 1


def is_isni(value: str) -> bool:
    """The last character of an ISNI is an ISO 7064 MOD 11-2 check character."""
    if not re.fullmatch(r"\d{15}[\dX]", value):
        return False
    total = 0
    for digit in value[:-1]:
        total = (total + int(digit)) * 2
    return (total + (10 if value[-1] == "X" else int(value[-1]))) % 11 == 1


def is_org_id(value: str) -> bool:
    """An org-id is the code of a list and an identifier of that list."""
    belgian = "BE-BCE_KBO-"
    if value.startswith(belgian):
        return is_belgian_enterprise_number(value.removeprefix(belgian))
    return re.fullmatch(r"XM-DAC-\d+(-\d+)?|XI-IATI-\w+|DE-\d+", value) is not None


def is_belgian_enterprise_number(value: str) -> bool:
    return re.fullmatch(r"\d{10}", value) is not None and 97 - int(value[:8]) % 97 == int(value[8:])


def pattern(regex: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(regex, value) is not None


CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "eu-authority-country": (
        pattern(r"[A-Z]{3}"),
        "http://publications.europa.eu/resource/authority/country/{}",
    ),
    "geonames": (pattern(r"[1-9]\d*"), "https://sws.geonames.org/{}/"),
    "ilo-wcms": (pattern(r"WCMS_\d{6}"), ""),
    "iom-node": (pattern(r"\d+"), "https://iom.int/fr/node/{}"),
    "isni": (is_isni, "https://isni.org/isni/{}"),
    "iso-3166-2": (pattern(r"[A-Z]{2}-[A-Z0-9]{1,3}"), ""),
    "org-id": (is_org_id, ""),
    "ror": (is_ror, "https://ror.org/{}"),
    "wikidata": (pattern(r"Q[1-9]\d*"), "http://www.wikidata.org/entity/{}"),
}


def test_identifiers_pass_the_checks_of_their_schemes(curated: Graph) -> None:
    found = list(identifiers(curated))
    assert len(found) > 750
    for holder, scheme, value, iri in found:
        check, template = CHECKS[scheme]
        assert check(value), f"{holder}: {value!r} is not a valid {scheme} identifier"
        assert iri == (template.format(value) or None), f"{holder}: {scheme} {iri}"


def test_checks_notice_a_wrong_digit() -> None:
    assert is_ror("019w4f821")
    assert not is_ror("019w4f812")
    assert is_isni("0000000122904914")
    assert not is_isni("0000000122904915")
    assert is_org_id("BE-BCE_KBO-0264814354")
    assert not is_org_id("BE-BCE_KBO-0264814345")


def test_an_identifier_names_one_thing_and_has_evidence(curated: Graph) -> None:
    found = [(scheme, value) for _, scheme, value, _ in identifiers(curated)]
    assert [key for key, count in Counter(found).items() if count > 1] == []
    for node in curated.objects(None, MG.identifier):
        assert text(curated, node, MG.evidence)


def test_every_country_has_its_identifiers_and_gaps_are_left_open(places: Graph) -> None:
    held: dict[str, set[str]] = {}
    for holder, scheme, value, _ in identifiers(places):
        held.setdefault(holder.removeprefix(str(PLACE)), set()).add(scheme)
        if scheme == "eu-authority-country":
            assert holder == PLACE[value.lower()]
    for country in countries(places):
        missing = {"eu-authority-country", "geonames", "wikidata"} - held[
            country.removeprefix(str(PLACE))
        ]
        # One cell is empty in the source; the other names the Kingdom and not the country.
        expected = {"wikidata"} if country in (PLACE.nam, PLACE.nld) else set()
        assert missing == expected, country


# Actors


def test_actors_are_organisations_or_states_with_a_type(actors: Graph) -> None:
    files = {path.stem for path in (DATA / "actors").glob("*.ttl")}
    states = set(actors.subjects(RDF.type, MG.State))
    organisations = set(actors.subjects(RDF.type, MG.Organisation))
    assert states | organisations == {ACTOR[slug] for slug in files}
    assert all((actor, DCTERMS.type, None) in actors for actor in states | organisations)
    assert set(actors.subjects(MG.represents, None)) == states


@pytest.mark.parametrize(
    "slug",
    [
        "terre-des-hommes",
        "compas",
        "aflm-11",
        "amsed",
        "anapec",
        "national-mutual-aid-morocco",
        "ministry-of-health-morocco",
        "ministry-of-labour-morocco",
        "ministry-of-foreign-affairs-morocco",
        "foundation-for-moroccans-living-abroad",
    ],
)
def test_what_could_not_be_identified_is_not_linked(actors: Graph, slug: str) -> None:
    assert not list(actors.objects(ACTOR[slug], MG.identifier))
    assert text(actors, ACTOR[slug], RDFS.comment)


def test_the_isni_of_the_union_is_not_given_to_the_commission(actors: Graph) -> None:
    schemes = {
        slug: {scheme for holder, scheme, _, _ in identifiers(actors) if holder == ACTOR[slug]}
        for slug in ("european-union", "european-commission")
    }
    assert schemes == {
        "european-union": {"isni", "ror", "wikidata"},
        "european-commission": {"ror", "wikidata"},
    }
