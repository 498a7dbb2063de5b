"""What follows: deterministic, about our own things alone, and needing every rule and construct.

``tests/inference/`` holds small examples in Turtle, one for each rule of ``ontology/rules/``, of
the same name, and one for each kind of axiom (``owl-…``). Above the line ``# What follows`` stands
what is given, below it what must follow, and nothing of it may follow without that rule or kind of
axiom. What is missing there must not follow.
"""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.dataset import ContentFile, content_files, read_quads
from migov.errors import ContentSyntaxError
from migov.inference import Rule, derive, read_rules
from migov.inference.closure import close
from migov.repository import Repository
from migov.vocabulary import BASE, NS, STANDARD_PREFIXES

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "tests" / "inference").glob("*.ttl"))
FOLLOWS = "# What follows\n"
FILES = content_files(Repository(ROOT))
RULES = read_rules(FILES)
TYPE = NamedNode(STANDARD_PREFIXES["rdf"] + "type")
RDFS, OWL = STANDARD_PREFIXES["rdfs"], STANDARD_PREFIXES["owl"]
AXIOMS = {
    "owl-chain": OWL + "propertyChainAxiom",
    "owl-domain": RDFS + "domain",
    "owl-inverse": OWL + "inverseOf",
    "owl-range": RDFS + "range",
    "owl-sub-class": RDFS + "subClassOf",
    "owl-sub-property": RDFS + "subPropertyOf",
    "owl-symmetric": OWL + "SymmetricProperty",
    "owl-transitive": OWL + "TransitiveProperty",
}
ONTOLOGY = [
    quad
    for file in FILES
    if file.path in ("ontology/migov.ttl", "ontology/concepts/role.ttl")
    for quad in read_quads(file)
]
THING = f"{BASE}id/initiative/"


def quads_of(path: str, text: str) -> list[Quad]:
    return list(read_quads(ContentFile(path, text.encode())))


def example(path: Path) -> tuple[list[Quad], set[Triple]]:
    """Return what an example gives and what must follow."""
    given, line, follows = path.read_text(encoding="utf-8").partition(FOLLOWS)
    assert line, f"{path.name} has no line {FOLLOWS!r}"
    head = "".join(row for row in given.splitlines(keepends=True) if row.startswith("@"))
    expected = {quad.triple for quad in quads_of(path.name, head + follows)}
    assert expected
    return quads_of(f"tests/inference/{path.name}", given), expected


def asserted_here() -> list[Quad]:
    return [quad for file in FILES if file.path.endswith(".ttl") for quad in read_quads(file)]


@pytest.fixture(scope="module")
def closures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps closures: most of the examples ask for the same ones."""
    return tmp_path_factory.mktemp("closures")


@pytest.fixture(scope="module")
def derived(closures: Path) -> list[Triple]:
    """What follows from the files of this repository."""
    return derive(asserted_here(), RULES, closures)


def test_every_rule_and_every_kind_of_axiom_has_an_example() -> None:
    assert len(RULES) == 6
    assert len(EXAMPLES) == 14
    rules = [Path(rule.path).stem for rule in RULES]
    assert sorted(path.stem for path in EXAMPLES) == sorted([*rules, *AXIOMS])


def test_no_kind_of_axiom_is_used_that_has_no_example() -> None:
    said = {quad.predicate.value for quad in ONTOLOGY} | {
        quad.object.value
        for quad in ONTOLOGY
        if quad.predicate == TYPE and isinstance(quad.object, NamedNode)
    }
    without_consequences = {
        *(RDFS + name for name in ("label", "isDefinedBy", "comment", "Datatype")),
        *(OWL + name for name in ("Class", "ObjectProperty", "DatatypeProperty")),
        *(OWL + name for name in ("AllDisjointClasses", "members")),  # they only contradict
        *(OWL + name for name in ("AnnotationProperty", "Ontology", "versionIRI", "versionInfo")),
    }
    axioms = {iri for iri in said if iri.startswith((RDFS, OWL))} - without_consequences
    assert axioms == set(AXIOMS.values())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_an_example_says_follows_and_only_by_its_rule_or_axiom(
    path: Path, closures: Path
) -> None:
    given, expected = example(path)
    asserted = [*ONTOLOGY, *given]
    follows = set(derive(asserted, RULES, closures))
    assert expected <= follows
    if path.stem in AXIOMS:
        kind = NamedNode(AXIOMS[path.stem])
        fewer = [quad for quad in asserted if kind not in (quad.predicate, quad.object)]
        assert len(fewer) < len(asserted)
        without = set(derive(fewer, RULES, closures))
    else:
        fewer_rules = [rule for rule in RULES if Path(rule.path).stem != path.stem]
        assert len(fewer_rules) == len(RULES) - 1
        without = set(derive(asserted, fewer_rules, closures))
    kinds = {triple.predicate for triple in expected} - {TYPE}
    added = {triple for triple in follows - without if triple.predicate in kinds}
    assert added == expected - {triple for triple in expected if triple.predicate == TYPE}
    assert not expected & without


def test_the_same_follows_twice_and_in_any_order(derived: list[Triple]) -> None:
    quads = asserted_here()
    random.Random(7).shuffle(quads)
    again = derive(quads, RULES[::-1])
    assert again == derived
    assert [str(triple) for triple in again] == sorted(str(triple) for triple in derived)


def test_only_links_between_our_things_follow_and_nothing_that_is_said(
    derived: list[Triple],
) -> None:
    assert len(derived) > 1000
    said = {quad.triple for quad in asserted_here()}
    for triple in derived:
        subject, predicate, object_ = triple.subject, triple.predicate, triple.object
        assert isinstance(subject, NamedNode)
        assert isinstance(object_, NamedNode)
        assert subject.value.startswith(BASE)
        assert not subject.value.startswith(NS), "a statement about the ontology itself"
        assert predicate == TYPE or predicate.value.startswith(NS)
        assert object_.value.startswith(NS if predicate == TYPE else BASE)
        assert subject != object_
        assert triple not in said


def test_alignments_are_not_expanded(derived: list[Triple], closures: Path) -> None:
    alignments = f"{BASE}graph/ontology/alignments/"
    without = [
        quad for quad in asserted_here() if not str(quad.graph_name)[1:].startswith(alignments)
    ]
    assert len(without) < len(asserted_here())
    assert derive(without, RULES, closures) == derived
    aligned = quads_of(
        "ontology/alignments/odd.ttl",
        f"<{NS}Initiative> <{RDFS}subClassOf> <{NS}Place> ."
        f"<{NS}supports> <{OWL}inverseOf> <{NS}about> .",
    )
    given, _ = example(ROOT / "tests" / "inference" / "owl-sub-class.ttl")
    with_it = derive([*ONTOLOGY, *given, *aligned], RULES, closures)
    assert with_it == derive([*ONTOLOGY, *given], RULES, closures)


def test_axioms_count_in_the_ontology_alone(closures: Path) -> None:
    said_by_data = quads_of("data/odd.ttl", f"<{NS}Project> <{RDFS}subClassOf> <{NS}Place> .")
    given, _ = example(ROOT / "tests" / "inference" / "owl-sub-class.ttl")
    with_it = derive([*ONTOLOGY, *given, *said_by_data], RULES, closures)
    assert with_it == derive([*ONTOLOGY, *given], RULES, closures)


def test_what_a_rule_makes_of_literals_blank_nodes_and_itself_is_left_out(closures: Path) -> None:
    given = quads_of(
        "data/odd.ttl",
        f"<{THING}a> <{NS}supports> <{THING}b> ; <{NS}name> 'a' . [] <{NS}supports> <{THING}b> .",
    )
    rule = Rule(
        "ontology/rules/odd.rq",
        f"""PREFIX mg: <{NS}>
        CONSTRUCT {{
          ?a mg:about ?b , ?a , "text" , [] , <http://example.org/> .
          ?a <http://example.org/p> ?b . ?a a <http://example.org/C> . mg:supports mg:about ?b .
        }} WHERE {{ ?a mg:supports ?b }}""",
    )
    follows = derive(given, [rule], closures)
    about = NamedNode(f"{NS}about")
    a, b = NamedNode(f"{THING}a"), NamedNode(f"{THING}b")
    assert [triple for triple in follows if triple.predicate == about] == [Triple(a, about, b)]
    assert not any(isinstance(t.subject, BlankNode | Literal) for t in follows)


def test_a_rule_builds_on_the_closure_and_the_closure_on_a_rule(closures: Path) -> None:
    quads = quads_of(
        "ontology/migov.ttl",
        f"<{NS}partOf> a <{OWL}TransitiveProperty> . <{NS}about> <{OWL}inverseOf> <{NS}topicOf> .",
    ) + quads_of(
        "data/a.ttl", f"<{THING}a> <{NS}partOf> <{THING}b> . <{THING}b> <{NS}partOf> <{THING}c> ."
    )
    rule = Rule(
        "ontology/rules/a.rq",
        f"CONSTRUCT {{ ?a <{NS}about> ?c }} WHERE {{ ?a <{NS}partOf> ?c FILTER(?c = <{THING}c>) }}",
    )
    a, c = NamedNode(f"{THING}a"), NamedNode(f"{THING}c")
    follows = set(derive(quads, [rule], closures))
    assert Triple(a, NamedNode(f"{NS}about"), c) in follows
    assert Triple(c, NamedNode(f"{NS}topicOf"), a) in follows


def test_a_broken_rule_is_named_with_the_line_that_breaks_it(closures: Path) -> None:
    rule = Rule("ontology/rules/a.rq", "CONSTRUCT { ?a ?b ?c }\nWHERE { ?a ?b }")
    with pytest.raises(ContentSyntaxError) as caught:
        derive([], [rule], closures)
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line, place.text) == (rule.path, 2, "WHERE { ?a ?b }")
    assert place.column == 16
    assert caught.value.hint


@pytest.mark.parametrize("text", ["SELECT * { ?s ?p ?o }", "ASK {}"])
def test_a_rule_that_is_no_construct_is_refused(text: str, closures: Path) -> None:
    with pytest.raises(ContentSyntaxError, match="not a CONSTRUCT"):
        derive([], [Rule("ontology/rules/a.rq", text)], closures)


def test_a_rule_that_reaches_outside_is_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["migov.inference.derive"], "close", pytest.fail)
    text = "CONSTRUCT { ?a ?b ?c }\nWHERE { SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } }"
    with pytest.raises(ContentSyntaxError, match="SERVICE") as caught:
        derive([], [Rule("ontology/rules/a.rq", text)])
    assert str(caught.value.place) == "ontology/rules/a.rq:2:9"


def test_a_rule_that_is_not_text_is_refused_with_its_line() -> None:
    with pytest.raises(ContentSyntaxError, match="not UTF-8") as caught:
        read_rules([ContentFile("ontology/rules/a.rq", b"# one\n# \xff\n")])
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_a_kept_closure_is_read_and_a_damaged_one_made_again(tmp_path: Path) -> None:
    inverse = NamedNode(OWL + "inverseOf")
    a, p, q, b = (NamedNode(f"{BASE}{name}") for name in "apqb")
    given = [Triple(p, inverse, q), Triple(a, p, b)]
    closed = close(given, tmp_path)
    assert Triple(b, q, a) in closed
    assert set(given) <= set(closed)
    (kept,) = tmp_path.iterdir()
    content = kept.read_bytes()
    known = f"<{BASE}kept> <{BASE}kept> <{BASE}kept> .\n".encode()
    seal = b"# sha256 " + hashlib.sha256(known).hexdigest().encode() + b"\n"
    kept.write_bytes(known + seal)
    assert [str(triple.subject) for triple in close(given, tmp_path)] == [f"<{BASE}kept>"]
    for damaged in (b"<half a line", known, known.replace(b"k", b"K", 1) + seal, b"", seal):
        kept.write_bytes(damaged)
        assert set(close(given, tmp_path)) == set(closed)
        assert len(kept.read_bytes().splitlines()) == len(content.splitlines())
    assert list(tmp_path.iterdir()) == [kept]


def test_the_reasoner_is_not_led_astray_by_files_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rdflib.py").write_text("raise SystemExit('wrong module')\n")
    monkeypatch.chdir(tmp_path)
    a, p = NamedNode(f"{BASE}a"), NamedNode(f"{BASE}p")
    assert Triple(a, p, p) in close([Triple(a, p, p)])
