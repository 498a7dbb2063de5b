"""Why an answer is empty, as a document and as part of the page of `/sparql`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, jsonify

from migov.engine import Query
from migov.entities import KnownTerms, labels
from migov.errors import Place, QuerySyntaxError
from migov.protocol.explain import explained
from migov.protocol.explanation import CAUSES, REASONS, Explanation, cause_of, explain, iris_of
from migov.protocol.operation import Operation, check
from migov.web.links import Shown
from migov.web.request import languages
from migov.web.responses import names_of
from migov.web.served import CurrentSnapshot, Served, served
from migov.web.site import site, state


@dataclass(frozen=True, slots=True)
class Told:
    """One finding for a page: the text of the query it is about, where, why, and what may fit."""

    text: str
    place: Place
    why: str
    instead: tuple[tuple[str, Shown | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation made ready to show; `count` are the rows or triples of the answer."""

    kind: str
    count: int
    unknown: list[Told]
    emptied: list[Told]
    undecided: str | None


def explained_operation(operation: Operation) -> Explanation:
    """Return why a query from outside answers as it does; raises RequestError or LimitError."""
    dataset = served()
    prefixes, graphs = dataset.prefixes, sorted(dataset.graphs())
    check(
        operation.text,
        operation.default_graphs,
        operation.named_graphs,
        graphs=graphs,
        characters=dataset.characters,
        prefixes=prefixes,
    )
    query = Query(
        operation.text,
        inferred=operation.inferred,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
        prefixes=prefixes,
    )
    try:
        return explain(dataset.engine, _known(dataset), query, graphs, site().settings.deadline)
    except QuerySyntaxError as error:
        raise explained(error, operation.text, prefixes) from error


def document(explanation: Explanation) -> Response:
    """Return an explanation as JSON."""
    named = labels(state().house, iris_of(explanation), languages())
    return jsonify(explanation.document(served().version, named))


def shown(explanation: Explanation) -> Explained:
    """Return an explanation made ready to show."""
    names = names_of(iris_of(explanation))
    return Explained(
        explanation.kind,
        explanation.count,
        [
            Told(
                term.text,
                term.place,
                REASONS[term.reason],
                tuple(
                    (one.text, names.iri(one.iri) if one.iri else None) for one in term.suggestions
                ),
            )
            for term in explanation.unknown
        ],
        [Told(part.text, part.place, CAUSES[cause_of(part)]) for part in explanation.cause.parts],
        explanation.unread or explanation.cause.unread,
    )


def _known(dataset: Served) -> KnownTerms:
    """Return the terms of a dataset; those of a snapshot are read once."""
    if isinstance(dataset, CurrentSnapshot):
        return state().known
    return KnownTerms(dataset.engine)
