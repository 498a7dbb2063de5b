"""`/reconcile`: the Reconciliation Service API 0.2, and the 1.0 draft beside it.

The language of names is that of the path (`/reconcile/fr`), of `?lang=`, or of Accept-Language.
"""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from migov.errors import ParameterError, UnknownEntityError
from migov.linking.reconciliation.answering import answered, begun, iri_of
from migov.linking.reconciliation.asking import read_batch, read_extension, read_match
from migov.linking.reconciliation.documents import (
    LANGUAGES,
    Document,
    description,
    draft_extension,
    draft_manifest,
    extension,
    manifest,
    match_results,
    named_things,
    proposed,
    results,
    suggested,
)
from migov.linking.reconciliation.extending import extended, properties_of
from migov.protocol.formats import JSON, PAGE
from migov.protocol.operation import Parameters, last, parameters_of
from migov.vocabulary import BASE
from migov.web.known import entities_here
from migov.web.links import href
from migov.web.request import url_parameters
from migov.web.responses import body
from migov.web.site import state

blueprint = Blueprint("reconcile", __name__, url_prefix="/reconcile")
draft = Blueprint("reconcile_draft", __name__, url_prefix="/reconcile/1.0-draft")

_FORM: Final = "application/x-www-form-urlencoded"
_EMBEDDABLE: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
"""The policy of previews: other people's tools show them in frames."""

_MOST_SUGGESTIONS: Final = 20


@blueprint.route("", methods=["GET", "POST"])
@blueprint.route("/<any(en, fr, es, ar):lang>", methods=["GET", "POST"])
def reconcile(lang: str | None = None) -> Response:
    """Answer a batch of queries or a data extension; without either, give the manifest."""
    language = _language(lang)
    fields = _fields()
    queries, extend = last(fields, "queries"), last(fields, "extend")
    if queries is not None and extend is not None:
        raise ParameterError("Send either queries or extend, not both in one request.")
    if queries is not None:
        known = entities_here()
        answers = {key: answered(known, each) for key, each in read_batch(queries).items()}
        return _json(results(known, answers, language))
    if extend is not None:
        wanted = read_extension(extend)
        columns = extended(state().house, entities_here(), wanted, language)
        return _json(extension(columns, wanted.ids))
    if request.method == "POST":
        raise ParameterError(
            "There is no batch: the fields “queries” and “extend” are both absent.",
            hint='Send queries={"q0": {"query": "Morocco"}} as a form.',
        )
    path = "/reconcile" if lang is None else f"/reconcile/{lang}"
    return _own_address(_json(manifest(entities_here(), _root(), path, language)))


@blueprint.get("/suggest/<any(entity, type, property):kind>")
@blueprint.get("/<any(en, fr, es, ar):lang>/suggest/<any(entity, type, property):kind>")
@draft.get("/suggest/<any(entity, type, property):kind>")
def suggest(kind: str, lang: str | None = None) -> Response:
    """Complete the name of an entity, a type or a property."""
    language, fields = _language(lang), url_parameters()
    prefix = last(fields, "prefix") or ""
    start = _number(fields, "cursor", 0)
    end = start + _MOST_SUGGESTIONS
    if kind == "entity":
        types = [value for name, value in fields if name == "type" and value]
        found = begun(entities_here(), prefix, types, end)[start:]
        return _json(suggested(entities_here(), found, language))
    return _json(named_things(_terms(kind, prefix, language)[start:end]))


@blueprint.get("/flyout/<any(entity, type, property):kind>")
@blueprint.get("/<any(en, fr, es, ar):lang>/flyout/<any(entity, type, property):kind>")
def flyout(kind: str, lang: str | None = None) -> Response:
    """Say in a few words what a suggested thing is."""
    id = _id()
    return _json({"id": id, "html": _few_words("reconcile-flyout.html", id, _language(lang))})


@blueprint.get("/preview")
@blueprint.get("/<any(en, fr, es, ar):lang>/preview")
@draft.get("/preview")
def preview(lang: str | None = None) -> Response:
    """Show what an entity is, small enough for a frame in somebody else's tool."""
    html = _few_words("reconcile-preview.html", _id(), _language(lang))
    response = Response(html, content_type=PAGE.content_type)
    response.headers["Content-Security-Policy"] = _EMBEDDABLE
    response.headers["X-Frame-Options"] = ""
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


@blueprint.get("/properties")
@blueprint.get("/<any(en, fr, es, ar):lang>/properties")
@draft.get("/extend/propose")
def propose(lang: str | None = None) -> Response:
    """List the properties that can be fetched for the entities of a type."""
    fields = url_parameters()
    type, limit = last(fields, "type") or "", _number(fields, "limit", 50)
    return _json(proposed(type, properties_of(entities_here(), type, _language(lang)), limit))


@draft.get("")
def draft_start() -> Response:
    """Give the manifest of the 1.0 draft."""
    return _own_address(_json(draft_manifest(entities_here(), _root(), _language(None))))


@draft.post("/match")
def match() -> Response:
    """Answer a batch of the 1.0 draft, each query in its own language where it names one."""
    known, language = entities_here(), _language(None)
    answers = [
        (answered(known, each), each.language if each.language in LANGUAGES else language)
        for each in read_match(_body())
    ]
    return _json(match_results(known, answers))


@draft.post("/extend")
def draft_extend() -> Response:
    """Answer a data extension of the 1.0 draft."""
    wanted = read_extension(_body())
    columns = extended(state().house, entities_here(), wanted, _language(None))
    return _json(draft_extension(columns, wanted.ids))


def _terms(kind: str, prefix: str, language: str) -> list[tuple[str, str]]:
    """Return the types or properties whose name begins with a text or has a word that does."""
    known = entities_here()
    if kind == "property":
        every = properties_of(known, "", language)
    else:
        types = {iri for each in known.index.portraits for iri in each.types}
        named = [(iri.removeprefix(BASE), known.label(iri, language)[0]) for iri in types]
        every = sorted(named, key=lambda entry: (entry[1].casefold(), entry[0]))
    begun_with = prefix.casefold().strip()
    return [
        (id, name)
        for id, name in every
        if any(word.startswith(begun_with) for word in (name.casefold(), *name.casefold().split()))
        or id == prefix
    ]


def _few_words(template: str, id: str, language: str) -> str:
    known, iri = entities_here(), iri_of(id)
    found = known.index.by_iri.get(iri)
    if found is None and iri not in known.labels:
        raise UnknownEntityError(f"Nothing here has the identifier {id}.")
    name, tag = known.label(iri, language)
    about = "" if found is None else description(known, found, language)
    identifiers = [] if found is None else sorted(found.identifiers)
    return render_template(
        template,
        id=id,
        name=name,
        name_language=tag,
        about=about,
        identifiers=identifiers,
        href=href(iri, lang=language if language in ("en", "fr") else "en"),
        language=language,
    )


def _fields() -> Parameters:
    fields = list(url_parameters())
    if request.method == "POST" and request.mimetype == _FORM:
        fields.extend(parameters_of(request.get_data()))
    elif request.method == "POST" and request.mimetype == "multipart/form-data":
        fields.extend((name, value) for name, value in request.form.items(multi=True))
    return fields


def _body() -> str:
    try:
        return request.get_data().decode()
    except UnicodeDecodeError as error:
        raise ParameterError("The body is not UTF-8.") from error


def _id() -> str:
    id = last(url_parameters(), "id")
    if id is None:
        raise ParameterError("The parameter id is absent.", hint="?id=id/place/mar, for example.")
    return id


def _number(fields: Parameters, name: str, default: int) -> int:
    given = last(fields, name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or int(given) > 10_000:
        raise ParameterError(f"{name} is “{given}”, not a whole number from 0 to 10,000.")
    return int(given)


def _language(named: str | None) -> str:
    wanted = named or last(url_parameters(), "lang")
    if wanted in LANGUAGES:
        return wanted
    return request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])


def _root() -> str:
    return request.host_url.rstrip("/") + request.script_root


def _own_address(response: Response) -> Response:
    """Mark an answer that names the address it was asked at: nobody else's copy fits."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _json(document: Document | dict[str, Any]) -> Response:
    return body(json.dumps(document, ensure_ascii=False).encode(), JSON)
