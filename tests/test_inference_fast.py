"""The closure in milliseconds: what it gives is what owlrl gives, or it leaves it to owlrl."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.dataset import content_files, read_quads
from migov.inference import Premises, close_fast, derive, read_rules
from migov.inference.fragment import TYPE, close_fragment
from migov.repository import Repository
from migov.vocabulary import BASE, NS, STANDARD_PREFIXES

ROOT = Path(__file__).resolve().parents[1]
FILES = content_files(Repository(ROOT))
RULES = read_rules(FILES)
QUADS = [quad for file in FILES if file.path.endswith(".ttl") for quad in read_quads(file)]
RDF, RDFS, OWL = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl"))
CASES = 30


def test_random_axioms_and_links_have_the_closure_that_owlrl_gives_them() -> None:
    # In a process of its own: owlrl changes the literals of rdflib for good.
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.closure_cases", str(CASES)],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"(\d+) cases, (\d+) triples added by owlrl, 0 differ", ended.stdout)
    assert found is not None, ended.stdout + ended.stderr
    assert int(found[1]) == CASES
    assert int(found[2]) > 5 * CASES


def test_this_dataset_has_the_same_consequences_either_way(tmp_path: Path) -> None:
    slow = derive(QUADS, RULES, tmp_path)
    premises = Premises(QUADS)
    asked: list[int] = []

    def close(triples: Sequence[Triple]) -> set[Triple]:
        found = close_fragment(triples)
        assert found is not None, "the ontology is no longer of the fragment"
        asked.append(len(triples))
        return found

    assert premises.derived(RULES, close) == slow
    assert len(asked) > 1
    assert len(slow) > 1000


def test_premises_follow_a_change_and_come_back() -> None:
    thamm, place = NamedNode(f"{BASE}id/initiative/thamm"), NamedNode(f"{BASE}id/place/tun")
    added = [Triple(thamm, NamedNode(f"{NS}coversPlace"), place)]
    removed = sorted({q.triple for q in QUADS if q.predicate == NamedNode(f"{NS}within")}, key=str)[
        :20
    ]
    assert len(removed) == 20
    premises = Premises(QUADS)
    before = premises.derived(RULES, close_fast)
    with premises.changed(added, removed):
        changed = premises.derived(RULES, close_fast)
    assert premises.derived(RULES, close_fast) == before
    graph = QUADS[0].graph_name
    left = [quad for quad in QUADS if quad.triple not in removed]
    fresh = Premises([*left, *(Quad(t.subject, t.predicate, t.object, graph) for t in added)])
    assert changed == fresh.derived(RULES, close_fast)
    assert changed != before


def test_what_touches_the_vocabulary_itself_is_left_to_owlrl() -> None:
    one, other = NamedNode(f"{NS}one"), NamedNode(f"{NS}other")
    cell = BlankNode("cell")
    nil, first, rest = (NamedNode(RDF + name) for name in ("nil", "first", "rest"))
    chain = Triple(one, NamedNode(OWL + "propertyChainAxiom"), cell)
    cases = [
        [Triple(one, NamedNode(RDFS + "subPropertyOf"), NamedNode(RDFS + "subClassOf"))],
        [Triple(one, NamedNode(OWL + "inverseOf"), TYPE)],
        [Triple(NamedNode(OWL + "Thing"), NamedNode(RDFS + "subClassOf"), one)],
        [Triple(one, NamedNode(RDFS + "subClassOf"), NamedNode(OWL + "TransitiveProperty"))],
        [Triple(one, NamedNode(RDFS + "domain"), NamedNode(OWL + "Nothing"))],
        [Triple(one, NamedNode(OWL + "sameAs"), other)],
        [Triple(one, TYPE, NamedNode(OWL + "FunctionalProperty"))],
        [Triple(one, NamedNode(f"{NS}p"), Literal("text"))],
        [chain],
        [chain, Triple(cell, first, TYPE), Triple(cell, rest, nil)],
        [chain, Triple(cell, first, one), Triple(cell, first, other), Triple(cell, rest, nil)],
        [chain, Triple(cell, first, one), Triple(cell, rest, cell)],
    ]
    assert len(cases) == 12
    for case in cases:
        assert close_fragment(case) is None, case
    whole = [chain, Triple(cell, first, one), Triple(cell, rest, nil)]
    assert close_fragment(whole) is not None


def test_owlrl_is_asked_where_the_fragment_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def close(triples: list[Triple]) -> list[Triple]:
        asked.append(triples)
        return []

    monkeypatch.setattr(sys.modules["migov.inference.derive"], "close", close)
    links = [Triple(NamedNode("http://x/a"), NamedNode("http://x/p"), NamedNode("http://x/b"))]
    assert set(close_fast(links)) == set(links)
    assert not asked
    beyond = [*links, Triple(NamedNode("http://x/p"), TYPE, NamedNode(OWL + "FunctionalProperty"))]
    assert close_fast(beyond) == []
    assert asked == [beyond]
