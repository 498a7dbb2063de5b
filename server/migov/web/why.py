"""`/why`: what an inferred statement rests on, one step at a time, down to the records."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from migov.entities import NoSuchEntityError
from migov.entities.reasons import Standing, Statement, reasons_of, standing_of
from migov.errors import ParameterError
from migov.protocol.formats import PAGE
from migov.protocol.operation import last
from migov.web.links import here
from migov.web.request import format_among, url_parameters
from migov.web.responses import names_of, page
from migov.web.site import site, state

blueprint = Blueprint("why", __name__)

STEPS: Final = {
    "inverse": "The property is the inverse of another, which holds the other way round.",
    "symmetric": "The property holds both ways.",
    "narrower": "A narrower property holds.",
    "transitive": "The property leads on from step to step.",
    "chain": "One property leads on to another.",
    "class": "What belongs to a narrower class belongs to the wider one.",
    "domain": "Whatever has this property belongs to the class.",
    "range": "Whatever is the value of this property belongs to the class.",
    "rule": "A rule of this project gives it.",
}


@blueprint.get("/why")
def why() -> Response:
    """Show where a statement stands, and from what it follows."""
    format_among((PAGE,))
    parameters = url_parameters()
    parts = [last(parameters, name) for name in ("subject", "property", "value")]
    subject, property_, value = parts
    if not subject or not property_ or not value:
        raise ParameterError(
            "A statement has a subject, a property and a value.",
            hint="Each is an IRI: /why?subject=…&property=…&value=…",
        )
    statement = (subject, property_, value)
    engine = state().house
    standing = standing_of(engine, statement)
    if not standing.known:
        raise NoSuchEntityError(" ".join(statement), [])
    found = reasons_of(engine, site().published.repository.rules, statement)
    premises = {one for reason in found for one in reason.premises}
    where: dict[Statement, Standing] = {one: standing_of(engine, one) for one in premises}
    named = {iri for one in (statement, *premises) for iri in one}
    named |= {iri for reason in found for _, iri in reason.bound}
    graphs = {graph for one in (standing, *where.values()) for graph in one.graphs}
    return page(
        "why.html",
        names=names_of({*named, *graphs}),
        statement=statement,
        standing=standing,
        reasons=found,
        where=where,
        steps=STEPS,
        why=address,
    )


def address(statement: Statement) -> str:
    """Return where this server tells why a statement holds."""
    subject, property_, value = statement
    return here("/why", subject=subject, property=property_, value=value)
