"""`/resolve`: from any known identifier to what of ours has it, and back."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response

from migov.errors import ParameterError, UnknownEntityError
from migov.linking.ours import Ours
from migov.linking.reconciliation.documents import narrowest
from migov.linking.resolve import Resolved, by_identifier, by_iri
from migov.protocol.formats import JSON, PAGE
from migov.protocol.operation import last
from migov.web.known import entities_here
from migov.web.links import href
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body

blueprint = Blueprint("resolve", __name__)


@blueprint.get("/resolve")
def resolve() -> Response:
    """Lead a browser to the entity's page; tell a program which it is and what else it is."""
    format = format_among((JSON, PAGE))
    iri, identifier = (last(url_parameters(), name) for name in ("iri", "identifier"))
    if (iri is None) == (identifier is None):
        raise ParameterError(
            "Give either iri or identifier.",
            hint="/resolve?identifier=wikidata:Q1028, or /resolve?iri=https://ror.org/01f80g185",
        )
    known = entities_here()
    found = by_iri(known, iri) if iri is not None else by_identifier(known, identifier or "")
    if not found:
        raise UnknownEntityError(
            f"Nothing here is known as {iri or identifier}.",
            hint="/reconcile finds things by their names.",
        )
    if format is PAGE and len(found) == 1:
        location = href(found[0].portrait.iri) or "/"
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    language = languages()[0]
    document = {"entities": [_described(known, each, language) for each in found]}
    return body(json.dumps(document, ensure_ascii=False, indent=1).encode(), JSON)


def _described(known: Ours, each: Resolved, language: str) -> dict[str, Any]:
    iri = each.portrait.iri
    return {
        "iri": iri,
        "path": href(iri),
        "label": known.label(iri, language)[0],
        "types": narrowest(known, each.portrait),
        "identifiers": [f"{scheme}:{value}" for scheme, value in each.identifiers],
        "links": list(each.links),
    }
