"""A change judged by what it can affect: the hard cases by name, and random ones.

`python -m benchmarks.gate_campaign 5000`, run in this folder, does thousands of the latter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from benchmarks.gate_cases import (
    EX,
    PREFIXES,
    Case,
    data_graph,
    indexes,
    make_case,
    read,
    run,
    shapes_graph,
)
from migov.errors import MigovError
from migov.gate.affected import (
    Comparison,
    Index,
    Names,
    Overlay,
    PlainIndex,
    StoreIndex,
    Whole,
    fingerprint,
    make_plan,
    validate_change,
    written_forms,
)
from migov.gate.affected.index import Term
from migov.gate.report import Finding
from migov.gate.validation import validate


def judged(
    shapes: str, before: str, added: str = "", removed: str = "", kind: int = 0
) -> Comparison:
    """Judge a change, after making sure that judging both whole graphs says the same."""
    old, gone = read(before), set(read(removed))
    assert gone <= set(old)
    new = [triple for triple in old if triple not in gone] + read(added)
    case = Case(PREFIXES + shapes, tuple(old), tuple(new))
    assert run(case, kind).faults == ()
    one, other = indexes(case, kind)
    return validate_change(
        one,
        other,
        [triple for triple in new if triple not in set(old)],
        gone,
        shapes_graph(case.shapes),
    )


def about(findings: Iterable[Finding]) -> list[str]:
    return sorted(str(finding.focus).removeprefix(EX) for finding in findings)


PLACE = ":S sh:targetClass :C ; sh:property [ sh:path :place ; sh:class :Place ] ."


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("first", range(0, 300, 100))
def test_random_changes_are_judged_as_the_whole_graphs_are(first: int, kind: int) -> None:
    wrong, counts = {}, Counter[str]()
    for number in range(first + kind, first + 100, 3):
        outcome = run(make_case(number), kind)
        counts += outcome.counts
        if outcome.faults:
            wrong[number] = outcome.faults
    assert wrong == {}
    tame = "the cases have become too tame to prove anything"
    assert counts["with findings introduced"] > 2, tame
    assert counts["with findings fixed"] > 2, tame


class TestWhoIsAffected:
    def test_users_of_a_node_that_loses_its_class(self) -> None:
        found = judged(PLACE, ":a a :C ; :place :x . :x a :Place .", removed=":x a :Place .")
        assert about(found.introduced) == ["a"]

    def test_users_of_a_node_whose_class_moves_in_the_hierarchy(self) -> None:
        data = ":a a :C ; :place :x . :x a :Town . :Town rdfs:subClassOf :Seat ."
        assert about(judged(PLACE, data, ":Seat rdfs:subClassOf :Place .").fixed) == ["a"]

    def test_nobody_when_a_node_gets_a_class_that_it_had(self) -> None:
        data = ":a a :C ; :place :x . :x a :Place . :Town rdfs:subClassOf :Place ."
        assert judged(PLACE, data, ":x a :Town .").checked == 0

    def test_nobody_when_no_shape_reads_the_property(self) -> None:
        assert judged(PLACE, ":a a :C ; :place :y .", ':a :note "n" .').checked == 0

    def test_only_the_part_that_reads_the_property(self) -> None:
        shapes = ":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:minCount 1 ] , "
        shapes += "[ sh:path :q ; sh:minCount 1 ] ."
        found = judged(shapes, ":a a :C .", ":a :q 1 .")
        assert [finding.path for finding in found.fixed] == [f"<{EX}q>"]
        assert found.left == ()  # the missing :p was not looked at again
        before = validate(data_graph(read(":a a :C .")), shapes_graph(PREFIXES + shapes)).findings
        left = found.left_of(before, PlainIndex(read(":a a :C .")))
        assert [finding.path for finding in left] == [f"<{EX}p>"]

    @pytest.mark.parametrize(
        ("path", "data"),
        [
            ("[ sh:inversePath :p ]", ":z :p :a ."),
            ("( :p :q )", ":a :p :b . :b :q :z ."),
            ("( :p [ sh:inversePath :q ] )", ":a :p :b . :z :q :b ."),
            ("[ sh:inversePath ( :p :q ) ]", ":b :p :a . :z :q :b ."),
            ("[ sh:alternativePath ( :p :q ) ]", ":a :q :z ."),
            ("( [ sh:zeroOrMorePath :p ] :q )", ":a :p :b . :b :p :c . :c :q :z ."),
            ("[ sh:oneOrMorePath [ sh:inversePath :p ] ]", ":z :p :b . :b :p :a ."),
            ("( [ sh:zeroOrOnePath :p ] :q )", ":a :p :b . :b :q :z ."),
        ],
    )
    def test_those_who_reach_the_change_by_a_path(self, path: str, data: str) -> None:
        shapes = f":S sh:targetNode :a ; sh:property [ sh:path {path} ; sh:nodeKind sh:Literal ] ."
        triples = data.removesuffix(".").split(" .")
        for triple in triples:
            rest = " .".join(each for each in triples if each != triple) + " ."
            found = judged(shapes, rest if len(triples) > 1 else "", f"{triple} .")
            assert set(about(found.introduced)) == {"a"}

    def test_those_who_name_a_shape_that_names_a_shape(self) -> None:
        shapes = (
            ":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:node :T ] .\n"
            ":T a sh:NodeShape ; sh:property [ sh:path :q ; sh:not [ sh:class :D ] ] ."
        )
        found = judged(shapes, ":a a :C ; :p :b . :b :q :c .", ":c a :D .")
        assert about(found.introduced) == ["a"]

    def test_those_whose_value_at_the_end_of_a_path_changes_its_class(self) -> None:
        shapes = ":S sh:targetClass :C ; sh:property [ sh:path ( :p :q ) ; sh:class :D ] ."
        found = judged(shapes, ":a a :C ; :p :b . :b :q :c .", ":c a :D .")
        assert about(found.fixed) == ["a"]

    def test_siblings_of_a_qualified_shape(self) -> None:
        shapes = (
            ":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:qualifiedMinCount 1 ;"
            " sh:qualifiedValueShape [ sh:class :D ] ; sh:qualifiedValueShapesDisjoint true ] ,"
            " [ sh:path :p ; sh:qualifiedMinCount 0 ; sh:qualifiedValueShape [ sh:class :E ] ] ."
        )
        found = judged(shapes, ":a a :C ; :p :b . :b a :D .", ":b a :E .")
        assert about(found.introduced) == ["a"]

    @pytest.mark.parametrize("word", ["equals", "disjoint", "lessThan", "lessThanOrEquals"])
    def test_those_whose_compared_property_changes(self, word: str) -> None:
        shapes = f":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:{word} :q ] ."
        assert judged(shapes, ":a a :C ; :p 5 .", ":a :q 3 , 5 .").checked == 1

    def test_closed_shapes_by_any_property(self) -> None:
        shapes = ":S sh:targetClass :C ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ."
        assert about(judged(shapes, ":a a :C .", ":a :odd 1 .").introduced) == ["a"]

    def test_nobody_by_a_shape_that_is_off(self) -> None:
        shapes = ":S sh:targetClass :C ; sh:deactivated true ; sh:class :D ."
        assert judged(shapes, "", ":a a :C .").checked == 0


class TestTargets:
    @pytest.mark.parametrize(
        ("target", "data"),
        [
            ("sh:targetClass :C", ":a a :C ."),
            ("sh:targetSubjectsOf :p", ":a :p :b ."),
            ("sh:targetObjectsOf :p", ":b :p :a ."),
        ],
    )
    def test_gained_and_lost(self, target: str, data: str) -> None:
        shapes = f":S a sh:NodeShape ; {target} ; sh:class :D ."
        assert about(judged(shapes, "", data).introduced) == ["a"]
        assert about(judged(shapes, data, removed=data).fixed) == ["a"]

    def test_a_whole_class_by_one_triple(self) -> None:
        shapes = ":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:minCount 1 ] ."
        found = judged(shapes, ":a a :D . :b a :D .", ":D rdfs:subClassOf :C .")
        assert about(found.introduced) == ["a", "b"]

    def test_classes_that_are_shapes(self) -> None:
        shapes = ":C a sh:NodeShape , rdfs:Class ; sh:property [ sh:path :p ; sh:minCount 1 ] ."
        assert about(judged(shapes, "", ":a a :C .").introduced) == ["a"]

    def test_literals(self) -> None:
        shapes = ":S a sh:NodeShape ; sh:targetObjectsOf :p ; sh:datatype xsd:integer ."
        found = judged(shapes, "", ':a :p "01"^^xsd:integer , "x" .', kind=1)
        assert about(found.introduced) == ["x"]

    def test_nodes_that_nothing_is_said_of(self) -> None:
        shapes = ":S sh:targetNode :a ; sh:property [ sh:path :p ; sh:minCount 1 ] ."
        assert about(judged(shapes, ":a :p 1 .", removed=":a :p 1 .").introduced) == ["a"]


class TestBlankNodes:
    SHAPES = (
        ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :id ; sh:property"
        " [ sh:path :value ; sh:minCount 1 ] ] ."
    )

    def test_findings_about_them_name_their_holder(self) -> None:
        found = judged(self.SHAPES, ":a a :C .", ":a :id _:b1 .")
        (finding,) = found.introduced
        assert finding.via is not None
        assert str(finding.via[0]) == EX + "a"

    def test_new_labels_alone_change_no_finding(self) -> None:
        old, new = (read(f":a a :C ; :id _:{label} .") for label in ("b1", "b2"))
        plan = make_plan(shapes_graph(PREFIXES + self.SHAPES))
        before, after = PlainIndex(old), PlainIndex(new)
        gone, come = set(old) - set(new), set(new) - set(old)
        found = validate_change(before, after, come, gone, plan)
        assert (found.introduced, found.fixed) == ((), ())
        assert len(found.left) == 1

    def test_one_that_is_moved_is_mended_there_and_wrong_here(self) -> None:
        data = ":a a :C ; :id _:b1 . :b a :C ."
        found = judged(self.SHAPES, data, ":b :id _:b1 .", ":a :id _:b1 .")
        assert [str(each.via[0]) for each in found.introduced if each.via] == [EX + "b"]
        assert [str(each.via[0]) for each in found.fixed if each.via] == [EX + "a"]

    def test_two_that_look_the_same_are_counted(self) -> None:
        data = ":a a :C ; :id _:b1 , _:b2 ."
        assert len(judged(self.SHAPES, data, "_:b1 :value 1 .").fixed) == 1

    def test_one_that_nothing_holds_is_known_by_the_triple_it_is_about(self) -> None:
        shapes = ":S a sh:NodeShape ; sh:targetClass :Note ; sh:property [ sh:path :line ; "
        shapes += "sh:minCount 1 ] ."
        first, second = (
            f"_:{label} a :Note ; rdf:subject :a ; rdf:predicate :p ; rdf:object 1 ; {more} ."
            for label, more in (("b1", ':word "x"'), ("b2", ':word "y" , "z"'))
        )
        old, new = read(first), read(second)
        plan = make_plan(shapes_graph(PREFIXES + shapes))
        found = validate_change(PlainIndex(old), PlainIndex(new), new, old, plan)
        assert (len(found.introduced), len(found.left), len(found.fixed)) == (0, 1, 0)

    def test_a_circle_of_them_has_a_name(self) -> None:
        index = PlainIndex(read("_:b1 :p _:b2 . _:b2 :p _:b1 ."))
        finding = validate(
            data_graph(index.triples()),
            shapes_graph(PREFIXES + ":S sh:targetSubjectsOf :p ; sh:nodeKind sh:IRI ."),
        ).findings[0]
        assert fingerprint(finding, Names(index)) == fingerprint(finding, Names(index))


class TestWhatIsNotLocal:
    def test_sparql_constraints(self) -> None:
        query = "SELECT $this WHERE { $this <http://example.org/p>/<http://example.org/q> ?x }"
        shapes = f':S a sh:NodeShape ; sh:targetClass :C ; sh:sparql [ sh:select "{query}" ] .'
        found = judged(shapes, ":a a :C ; :p :b .", ":b :q :c .")
        assert about(found.introduced) == ["a"]
        assert found.whole == (Whole(EX + "S", "sparql"),)

    def test_a_part_beside_a_sparql_constraint_stays_local(self) -> None:
        query = "SELECT $this WHERE { $this <http://example.org/p>/<http://example.org/q> ?x }"
        shapes = (
            ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :r ; sh:minCount 1 ] ;"
            f' sh:sparql [ sh:select "{query}" ] .'
        )
        found = judged(shapes, ":a a :C . :b a :C .", ":a :r 1 .")
        assert about(found.fixed) == ["a"]
        assert found.left == ()  # :b, which misses :r too, was not asked about it

    def test_recursive_shapes(self) -> None:
        shapes = ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; sh:node :S ] "
        shapes += ", [ sh:path :q ; sh:maxCount 0 ] ."
        found = judged(shapes, ":a a :C ; :p :b .", ":b :q 1 .")
        assert about(found.introduced) == ["a"]
        assert found.whole == (Whole(EX + "S", "recursion"),)

    def test_a_shape_that_pyshacl_refuses_is_refused(self) -> None:
        shapes = shapes_graph(PREFIXES + ":S a sh:NodeShape ; sh:targetClass :C ; sh:minCount 1 .")
        new = read(":a a :C .")
        with pytest.raises(MigovError):
            validate_change(PlainIndex(), PlainIndex(new), new, [], shapes)


class TestLexicalForms:
    SHAPES = ':S sh:targetClass :C ; sh:property [ sh:path :p ; sh:pattern "^0" ] .'

    def test_a_store_forgets_them_and_the_index_does_not(self) -> None:
        data = ':a a :C ; :p "01"^^xsd:integer .'
        found = judged(self.SHAPES, data, ':a :p "1"^^xsd:integer .', kind=1)
        assert [str(finding.value) for finding in found.introduced] == ["1"]

    def test_both_forms_of_a_value_are_two_triples(self) -> None:
        triples = read(':a :p "01"^^xsd:integer , 1 , "x" . :b :p "+1"^^xsd:integer .')
        index = StoreIndex.load(lambda: triples)
        assert sorted(index.triples(), key=str) == sorted(triples, key=str)
        assert all(triple in index for triple in triples)
        assert read(":b :p 1 .")[0] not in index
        assert len(list(index.subjects(triples[0].predicate, triples[0].object))) == 1

    def test_nothing_is_remembered_of_what_the_store_keeps(self) -> None:
        assert written_forms(lambda: read(':a :p 1 , "x" , :b , "2020-01-01"^^xsd:date .')) == {}


class TestOverlay:
    def test_it_is_the_graph_after(self) -> None:
        old, gone, new = read(":a :p 1 , 2 . :b :p 2 ."), read(":a :p 2 ."), read(":c :p 2 .")
        after = Overlay(PlainIndex(old), [*new, old[0]], [*gone, *read(":z :p 9 .")])
        whole = PlainIndex([old[0], old[2], *new])
        assert set(after.triples()) == set(whole.triples())
        assert (list(after.added.triples()), list(after.removed.triples())) == (new, gone)
        nodes = {term for triple in [*old, *new] for term in triple}
        predicate = old[0].predicate
        for node in nodes:
            assert set(after.objects(node, predicate)) == set(whole.objects(node, predicate))
            assert set(after.subjects(predicate, node)) == set(whole.subjects(predicate, node))
            assert set(after.outgoing(node)) == set(whole.outgoing(node))
            assert set(after.incoming(node)) == set(whole.incoming(node))

    def test_without_a_change_nothing_is_judged(self) -> None:
        index = PlainIndex(read(":a a :C ."))
        found = validate_change(index, index, [], [], shapes_graph(PREFIXES + PLACE))
        assert found == Comparison((), (), (), (), 0)


class Counting:
    """An index that counts what is looked up."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.asked = 0

    def _counted(self, found: Iterable[object]) -> list[object]:
        answer = list(found)
        self.asked += 1 + len(answer)
        return answer

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        return self._counted(self._index.objects(subject, predicate))  # type: ignore[return-value]

    def subjects(self, predicate: NamedNode, object_: Term) -> list[Term]:
        return self._counted(self._index.subjects(predicate, object_))  # type: ignore[return-value]

    def outgoing(self, subject: Term) -> list[tuple[NamedNode, Term]]:
        return self._counted(self._index.outgoing(subject))  # type: ignore[return-value]

    def incoming(self, object_: Term) -> list[tuple[Term, NamedNode]]:
        return self._counted(self._index.incoming(object_))  # type: ignore[return-value]

    def triples(self) -> Iterator[Triple]:
        raise AssertionError("the whole graph was read")

    def __contains__(self, triple: Triple) -> bool:
        return triple in self._index


def test_what_is_read_does_not_grow_with_the_graph() -> None:
    plan = make_plan(shapes_graph(PREFIXES + PLACE))
    added = read(":n1 :place :nowhere . :new a :C ; :place :x1 .")
    asked = []
    for size in (10, 1000):
        triples = [
            triple
            for number in range(size)
            for triple in read(f":n{number} a :C ; :place :x{number % 5} . :x{number} a :Place .")
        ]
        before = Counting(PlainIndex(triples))
        after = Overlay(before, added, [])
        found = validate_change(before, after, after.added.triples(), [], plan)
        assert about(found.introduced) == ["n1"]
        assert found.checked == 2
        asked.append(before.asked)
    assert asked[0] == asked[1] < 100


def test_terms_of_all_kinds_can_be_asked_about() -> None:
    literal, blank = Literal("x"), BlankNode("b")
    triple = Triple(blank, NamedNode(EX + "p"), literal)
    for index in (PlainIndex([triple]), StoreIndex.load(lambda: [triple])):
        assert list(index.objects(literal, triple.predicate)) == []
        assert list(index.outgoing(literal)) == []
        assert list(index.incoming(literal)) == [(blank, triple.predicate)]
