"""What the graph says about one thing, and who says it."""

from __future__ import annotations

import sys

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from migov.engine import Engine, select
from migov.entities import (
    GraphTerms,
    concepts_of,
    describe,
    entities_of,
    graphs_of,
    instances_of,
    labels,
    overview,
    quads_about,
    quads_of_graph,
    short_name,
    statements_of_graph,
    suggestions,
    summaries,
    written,
)
from migov.entities.kept import Kept
from migov.errors import UnknownEntityError
from migov.vocabulary import CONCEPT, GRAPH, ID, NS, PREFIXES

THAMM = ID + "initiative/thamm"
GFMD_THAMM = GRAPH + "data/records/gfmd/thamm.ttl"
ILO_LAUNCH = GRAPH + "data/records/ilo/thamm-launch.ttl"


def test_labels_prefer_the_language(engine: Engine) -> None:
    iris = [ID + "place/mar", CONCEPT + "role/funder", NS + "theme", "http://example.org/x"]
    english, french = labels(engine, iris, ("en", "fr")), labels(engine, iris, ("fr", "en"))
    assert english[iris[0]].text == "Morocco"
    assert french[iris[0]].text == "Maroc"
    assert french[iris[0]].language == "fr"
    assert english[iris[2]].language == "en"
    assert english[iris[3]].text == "http://example.org/x"


def test_a_participation_is_named_by_its_parts(engine: Engine) -> None:
    iri = ID + "participation/gfmd-ghwa--ghwa--host--who"
    text = labels(engine, [iri], ("en",))[iri].text
    assert "World Health Organization" in text
    assert "host" in text


def test_two_sources_stay_apart(engine: Engine) -> None:
    description = describe(engine, THAMM)
    destinations = next(part for part in description.facts if part.iri == NS + "destinationPlace")
    by_graph = {
        claim.source.graph: (value.term.value, claim.locator)
        for value in destinations.values
        if isinstance(value.term, NamedNode)
        for claim in value.claims
    }
    assert by_graph[GFMD_THAMM] == (ID + "place/deu", "001:5")
    assert by_graph[ILO_LAUNCH] == (ID + "place/thamm-eu-countries", "004:10")


def test_annotations_refine_the_records_default(engine: Engine) -> None:
    description = describe(engine, THAMM)
    acronym = next(part for part in description.facts if part.iri == NS + "acronym")
    locators = {claim.source.graph: claim.locator for claim in acronym.values[0].claims}
    assert locators[GFMD_THAMM] == "001:1"
    scope = next(part for part in description.facts if part.iri == NS + "scope")
    wordings = [claim.wording for value in scope.values for claim in value.claims if claim.wording]
    assert any("sous régional" in wording.value for wording in wordings)


def test_doubt_is_kept(engine: Engine) -> None:
    description = describe(engine, ID + "initiative/tamkine-migrants")
    doubtful = [entry for entry in description.participations if entry.claim.doubtful]
    assert doubtful
    assert all(entry.claim.certainty != CONCEPT + "certainty/stated" for entry in doubtful)


def test_what_the_keeper_writes_claims_nothing(engine: Engine) -> None:
    description = describe(engine, ID + "event/thamm-launch-morocco")
    kept = {part.iri for part in description.kept}
    assert NS + "startEarliest" in kept
    assert all(
        claim.locator is None
        for part in description.kept
        for value in part.values
        for claim in value.claims
    )


def test_nameless_nodes_come_with_what_they_hold(engine: Engine) -> None:
    description = describe(engine, ID + "actor/ilo")
    identifiers = next(part for part in description.facts if part.iri == NS + "identifier")
    codes = {
        term.value for value in identifiers.values for term in value.parts.get(NS + "value", [])
    }
    assert "Q54129" in codes


def test_inferred_stands_apart(engine: Engine) -> None:
    description = describe(engine, THAMM)
    inferred = {part.iri for part in description.inferred}
    assert NS + "fundedBy" in inferred
    assert not inferred & {part.iri for part in description.facts if part.iri == NS + "fundedBy"}


def test_links_come_back(engine: Engine) -> None:
    description = describe(engine, ID + "place/mar")
    pilots = next(part for part in description.incoming if part.iri == NS + "pilotPlace")
    assert THAMM in [value.term.value for value in pilots.values if value.term != Literal("")]


def test_nothing_known(engine: Engine) -> None:
    assert not describe(engine, ID + "actor/nobody").known
    with pytest.raises(UnknownEntityError):
        describe(engine, "not an <iri>")


def test_summaries_by_record(engine: Engine) -> None:
    told = summaries(engine, THAMM, ("fr", "en"))
    assert set(told) == {GFMD_THAMM, ILO_LAUNCH}
    assert all(label.language == "fr" for label in told.values())


def test_statements_of_a_record(engine: Engine) -> None:
    stated = statements_of_graph(engine, GFMD_THAMM)
    assert THAMM in stated
    assert GFMD_THAMM not in stated
    claims = [claim for part in stated[THAMM] for value in part.values for claim in value.claims]
    assert {claim.source.graph for claim in claims} == {GFMD_THAMM}


@pytest.mark.parametrize("name", ["ttl", "nt", "rdf", "jsonld", "trig", "nq"])
def test_every_format_says_the_same(engine: Engine, name: str) -> None:
    formats = {
        "ttl": RdfFormat.TURTLE,
        "nt": RdfFormat.N_TRIPLES,
        "rdf": RdfFormat.RDF_XML,
        "jsonld": RdfFormat.JSON_LD,
        "trig": RdfFormat.TRIG,
        "nq": RdfFormat.N_QUADS,
    }
    quads = quads_about(engine, ID + "event/thamm-launch-morocco")
    read = list(parse(written(quads, name, PREFIXES), format=formats[name]))
    expected = {quad.predicate for quad in quads}
    assert {quad.predicate for quad in read} == expected
    if name in ("trig", "nq"):
        assert {quad.graph_name for quad in read} == {quad.graph_name for quad in quads}
        assert len(read) == len(quads)
    else:
        assert len(read) == len({quad.triple for quad in quads})


def test_a_graph_is_whole(engine: Engine) -> None:
    assert len(quads_of_graph(engine, GFMD_THAMM)) > 50


class TestTerms:
    def test_instances(self, engine: Engine) -> None:
        terms = GraphTerms(engine)
        assert terms.is_instance(ID + "place/mar", NS + "Place")
        assert not terms.is_instance(ID + "place/mar", NS + "Actor")
        assert terms.is_instance(CONCEPT + "role/funder", CONCEPT + "role")
        assert not terms.is_instance("no iri > {", NS + "Place")

    @pytest.mark.parametrize(
        ("text", "of", "expected"),
        [
            ("COTE D'IVOIRE", NS + "Country", [ID + "place/civ"]),
            ("384", NS + "Country", [ID + "place/civ"]),
            ("oit", NS + "Organisation", [ID + "actor/ilo"]),
            ("bailleur de fonds", CONCEPT + "role", [CONCEPT + "role/funder"]),
            ("bailleur", CONCEPT + "role", []),
            ("", NS + "Country", []),
        ],
    )
    def test_named(self, engine: Engine, text: str, of: str, expected: list[str]) -> None:
        assert GraphTerms(engine).named(text, of) == expected

    @pytest.mark.parametrize(
        ("text", "of", "expected"),
        [
            ("moroco", NS + "Country", "mar"),
            ("Maroc", NS + "Country", "mar"),
            ("OIT", NS + "Organisation", "ilo"),
            ("founders", CONCEPT + "role", "founder"),
            ("gfmd/tham", NS + "SourceRecord", "gfmd/thamm"),
        ],
    )
    def test_did_you_mean(self, engine: Engine, text: str, of: str, expected: str) -> None:
        assert expected in GraphTerms(engine).suggest(text, of)

    @pytest.mark.parametrize(
        ("iri", "expected"),
        [
            (ID + "initiative/tham", THAMM),
            (ID + "actor/internatonal-labour-organization", ID + "actor/ilo"),
            (NS + "Initiatve", NS + "Initiative"),
            (CONCEPT + "role/funders", CONCEPT + "role/funder"),
            (GRAPH + "data/records/gfmd/tham.ttl", GFMD_THAMM),
        ],
    )
    def test_unknown_iris(self, engine: Engine, iri: str, expected: str) -> None:
        assert expected in suggestions(engine, iri)


def test_lists(engine: Engine) -> None:
    assert len(instances_of(engine, NS + "Country", ("en",))) == 249
    codes = [entry.code for entry in concepts_of(engine, CONCEPT + "gcm-objective", ("en",))]
    assert codes == [str(number) for number in range(1, 24)]
    assert THAMM in [entry.iri for entry in entities_of(engine, "initiative", ("fr",)).entries]
    assert graphs_of(engine, ("en",)).entries[0].about == (NS + "SourceRecord",)
    assert short_name(GFMD_THAMM) == "gfmd/thamm"


def test_overview(engine: Engine) -> None:
    classes = [NS + name for name in ("Country", "Initiative", "SourceRecord", "Annotation")]
    seen = overview(engine, ("fr",), classes)
    assert seen.classes[NS + "Country"].number == 249
    assert seen.classes[NS + "Country"].label.text == "Pays ou territoire"
    assert not any(count.more for count in seen.classes.values())
    rows = select(engine, f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a <{NS}SourceRecord> }}")
    assert seen.classes[NS + "SourceRecord"].number == int(rows[0]["n"].value)
    assert sum(count.number for count in seen.publishers) == int(rows[0]["n"].value)


def test_an_overview_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["migov.entities.overview"], "MOST", 100)
    counted = overview(engine, ("en",), [NS + "Country", NS + "Event"]).classes
    assert (counted[NS + "Country"].number, counted[NS + "Country"].more) == (100, True)
    assert counted[NS + "Event"].more is False


class TestKept:
    """What was asked of an engine once is not asked again, and never of another engine."""

    def test_only_what_is_missing_is_asked(self, engine: Engine) -> None:
        asked: list[set[int]] = []

        def ask(missing: set[int]) -> dict[int, int]:
            asked.append(missing)
            return {key: key * key for key in missing if key < 9}

        kept = Kept[int, int](4)
        assert kept.all_of(engine, [1, 2, 2], ask) == {1: 1, 2: 4}
        assert kept.all_of(engine, [2, 3, 10], ask) == {2: 4, 3: 9}
        assert kept.all_of(engine, [1, 2, 3], ask) == {1: 1, 2: 4, 3: 9}
        assert asked == [{1, 2}, {3, 10}]
        assert kept.all_of(engine, [4, 5], ask) == {4: 16, 5: 25}  # more than it keeps: anew
        kept.all_of(engine, [1], ask)
        assert asked == [{1, 2}, {3, 10}, {4, 5}, {1}]
        assert kept.all_of(engine, range(9), ask) == {key: key * key for key in range(9)}
        kept.all_of(engine, [8], ask)
        assert asked[-1] == {8}

    def test_a_failure_is_not_kept(self, engine: Engine) -> None:
        kept = Kept[str, str](10)

        def fails(missing: set[str]) -> dict[str, str]:
            raise ValueError(missing)

        with pytest.raises(ValueError, match="a"):
            kept.all_of(engine, ["a"], fails)
        assert kept.all_of(engine, ["a"], lambda missing: {"a": "b"}) == {"a": "b"}

    def test_labels_in_one_language_do_not_stand_for_another(self, engine: Engine) -> None:
        place = ID + "place/deu"
        for _ in range(2):
            assert labels(engine, [place], ("en", "fr"))[place].text == "Germany"
            assert labels(engine, [place], ("fr", "en"))[place].text == "Allemagne"
