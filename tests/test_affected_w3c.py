"""The W3C SHACL suite as changes: from nothing to the data of a case, and back.

What pySHACL finds in the whole graph is held against the suite in conformance/suites; here the
judgement of the change has to be the same, so the two together say how the gate's path does.
"""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, Triple
from rdflib import Graph

from conformance.suites.test_shacl import CASES, MF, SHT, Case, _path, _read
from migov.errors import MigovError
from migov.gate.affected import Names, PlainIndex, validate_change
from migov.gate.affected.plan import to_term
from migov.gate.report import Finding
from migov.gate.validation import validate


def _graphs(case: Case) -> tuple[Graph, Graph]:
    manifest = _read(case.document)
    action = manifest.value(case.node, MF.action)
    data = _read(_path(manifest.value(action, SHT.dataGraph)))
    return data, _read(_path(manifest.value(action, SHT.shapesGraph)))


def _triples(graph: Graph) -> list[Triple]:
    found = []
    for subject, predicate, object_ in graph:
        holder, name = to_term(subject), to_term(predicate)
        assert isinstance(name, NamedNode)
        found.append(Triple(holder, name, to_term(object_)))  # type: ignore[arg-type]
    return found


def _told(findings: tuple[Finding, ...], names: Names) -> list[tuple[str, ...]]:
    return sorted((*names.key(each), str(each.shape), str(each.focus)) for each in findings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    data, shapes = _graphs(case)
    triples = _triples(data)
    nothing, everything = PlainIndex(), PlainIndex(triples)
    try:
        wanted = validate(data, shapes).findings
        always = validate(Graph(), shapes).findings
    except MigovError:
        with pytest.raises(MigovError):
            validate_change(nothing, everything, triples, [], shapes)
        return
    names, none = Names(everything), Names(nothing)
    come = validate_change(nothing, everything, triples, [], shapes)
    assert _told((*come.introduced, *come.left_of(always, nothing)), names) == _told(wanted, names)
    gone = validate_change(everything, nothing, [], triples, shapes)
    assert _told((*gone.introduced, *gone.left_of(wanted, everything)), none) == _told(always, none)
