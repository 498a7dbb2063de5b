"""SHACL over rdflib graphs in memory, with pySHACL as the judge.

pySHACL's `validate` function is passed by: it turns rdflib's normalisation of literals on behind
its caller's back, and it hides which shapes found nothing to check. Its `Validator` does neither.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pyshacl import Validator
from pyshacl.errors import ReportableRuntimeError, ShapeRecursionWarning
from pyshacl.graph_abstraction import DataGraph
from pyshacl.rdfutil.stringify import stringify_blank_node
from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.term import Identifier

from migov.errors import ContentError, ResourceError
from migov.gate.paths import path_text
from migov.gate.report import Finding, Note, Report, Severity
from migov.gate.shapes import SH, prepared
from migov.vocabulary import SHAPE, compact

_logger = logging.getLogger("migov.gate.pyshacl")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False
OPTIONS: Final = {"logger": _logger, "inplace": False, "max_validation_depth": 30}
"""How pySHACL is asked, for a whole graph as for a part of one."""


class ShapesError(ContentError):
    """The shapes themselves are wrong, so nothing can be said about the data."""


def validate(data: Graph, shapes: Graph, *, inference: str = "none") -> Report:
    """Validate a plain in-memory graph; raises ShapesError, or ResourceError for deep recursion.

    The data is left as it is. Without `inference` only what was said is judged: a reasoner types
    nodes by domain and range, and violations disappear.
    """
    with pyshacl_failures():
        validator: Any = Validator(
            DataGraph.from_rdflib(data),
            shacl_graph=prepared(shapes),
            options={**OPTIONS, "inference": inference},
        )
        _, results, _ = validator.run()
        targeted = [(shape, shape.focus_nodes(data)) for shape in _with_targets(validator)]
    return Report(
        findings=tuple(sorted(findings_of(results, data, shapes), key=order)),
        notes=tuple(_notes(targeted, data, shapes)),
        shapes=len(list(validator.shacl_graph.shapes)),
        checked=sum(len(nodes) for _, nodes in targeted),
        triples=len(data),
        graph=results,
    )


@contextmanager
def pyshacl_failures() -> Iterator[None]:
    """Turn what pySHACL raises into errors that say whose fault it is and what to do."""
    # It keeps its words for blank nodes by the address of a graph that may be gone by now.
    stringify_blank_node.dict_cache.clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", ShapeRecursionWarning)
            yield
    except RecursionError as error:
        raise ResourceError(
            "The shapes or the data nest too deeply to be validated.",
            hint="Does a path or a shape lead back to itself through thousands of nodes?",
        ) from error
    except ShapeRecursionWarning as error:
        raise ShapesError(
            "A shape refers to itself, and SHACL does not say what that means.",
            hint="Break the circle of sh:node or sh:property: " + str(error).splitlines()[1],
        ) from error
    except ReportableRuntimeError as error:
        raise ShapesError(
            f"The shapes cannot be used: {_sentence(str(error))}",
            hint="Mend the shape; nothing was validated.",
        ) from error
    except Exception as error:  # pySHACL passes on whatever rdflib's SPARQL parser raises
        raise ShapesError(
            f"The shapes cannot be used: {type(error).__name__}: {_sentence(str(error))}",
            hint="Is a sh:select, sh:ask or sh:pattern of the shapes broken?",
        ) from error


def _sentence(text: str) -> str:
    return text.partition("\nFor reference")[0].strip().rstrip(".") + "."


def _with_targets(validator: Any) -> list[Any]:
    shapes = [
        shape
        for shape in validator.shacl_graph.shapes
        if not shape.deactivated and any(list(target) for target in shape.target())
    ]
    return sorted(shapes, key=lambda shape: str(shape.node))


def findings_of(results: Graph, data: Graph, shapes: Graph) -> Iterator[Finding]:
    """Yield the results of a report of pySHACL, without those that are details of others."""
    (report,) = results.subjects(RDF.type, SH.ValidationReport)
    for result in results.objects(report, SH.result):
        focus = results.value(result, SH.focusNode)
        shape = results.value(result, SH.sourceShape)
        path = results.value(result, SH.resultPath)
        severity = str(results.value(result, SH.resultSeverity))
        texts = [
            (str(getattr(text, "language", None) or ""), str(text))
            for text in results.objects(result, SH.resultMessage)
        ]
        yield Finding(
            rule=rule_of(shape, shapes),
            severity=Severity.from_iri(severity),
            messages=dict(sorted(texts)),
            focus=_identifier(focus),
            path=None if path is None else path_text(results, path),
            value=_identifier(results.value(result, SH.value)),
            shape=_identifier(shape),
            component=str(results.value(result, SH.sourceConstraintComponent)),
            severity_iri=severity,
            via=_holder(focus, data),
        )


def _identifier(node: object) -> Identifier | None:
    return node if isinstance(node, Identifier) else None


def rule_of(shape: object, shapes: Graph) -> str:
    """Name a shape for good: its IRI, or the nearest IRI that holds the nameless shape."""
    seen: set[object] = set()
    node: Any = shape
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        holder = min(shapes.subjects(None, node), key=str, default=None)
        if holder is None:
            break
        node = holder
    return str(node) if isinstance(node, URIRef) else "shape without a name"


def _holder(focus: object, data: Graph) -> tuple[Identifier, str] | None:
    """Return the named node that a blank focus node hangs from, with the property."""
    seen: set[object] = set()
    node: Any = focus
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        # An annotation points to the node as well, and does not hold it.
        holders = [(s, p) for s, p in data.subject_predicates(node) if p != RDF.object]
        if not holders:
            return None
        node, predicate = min(holders, key=lambda held: (isinstance(held[0], BNode), str(held)))
        if isinstance(node, URIRef):
            return node, str(predicate)
    return None


def order(finding: Finding) -> tuple[Any, ...]:
    """Return the key that findings are sorted by: the worst first, then by node."""
    return (
        -finding.severity,
        str(finding.via[0] if finding.via else finding.focus or ""),
        str(finding.focus or ""),
        finding.path or "",
        "" if finding.value is None else finding.value.n3(),
        finding.rule,
        finding.component or "",
        sorted(finding.messages.items()),
    )


def _notes(
    targeted: Iterable[tuple[Any, set[Identifier]]], data: Graph, shapes: Graph
) -> Iterable[Note]:
    known = {
        term
        for graph in (data, shapes)
        for kind in (RDFS.Class, OWL.Class)
        for term in graph.subjects(RDF.type, kind)
    }
    for shape, nodes in targeted:
        if nodes:
            continue
        classes = sorted(
            {*shapes.objects(shape.node, SH.targetClass), *shape.implicit_class_targets()}
        )
        unknown = [str(term) for term in classes if known and term not in known]
        yield _unfocused(rule_of(shape.node, shapes), unknown)


def _unfocused(rule: str, unknown: list[str]) -> Note:
    name = f"shape:{rule.removeprefix(SHAPE)}" if rule.startswith(SHAPE) else compact(rule)
    if unknown:
        names = ", ".join(compact(term) for term in unknown)
        return Note(
            rule,
            {
                "en": f"{name} checked nothing: no class {names} is declared.",
                "fr": f"{name} n’a rien vérifié : aucune classe {names} n’est déclarée.",
            },
        )
    return Note(
        rule,
        {
            "en": f"{name} checked nothing: the data has no node that it is about.",
            "fr": f"{name} n’a rien vérifié : aucun nœud des données n’est concerné.",
        },
    )
