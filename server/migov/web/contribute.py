"""`/contribute/record`: a form for a new record, made from the shapes, that gives a file to send.

What somebody writes enters the file as serialised terms, and only the process of the verdict reads
that file.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from flask import Blueprint, Response, current_app, g, request
from pyoxigraph import Literal, NamedNode

from migov import drafting
from migov.catalogue.parameters import Problem as WrongValue
from migov.engine import Engine, select
from migov.entities import instances_of, short_name
from migov.entities.sparql import values
from migov.errors import MigovError, ParameterError
from migov.protocol.formats import PAGE, Format
from migov.protocol.operation import Parameters, last, parameters_of
from migov.protocol.problems import problem
from migov.verdict.asked import Proposal, Verdicts
from migov.vocabulary import CONCEPT, ID, NS, STANDARD_PREFIXES, compact
from migov.web.request import format_among, languages
from migov.web.responses import body, names_of, page
from migov.web.shape_fields import ShapeField, Shapes, offered
from migov.web.site import state
from migov.web.writing import VERDICTS

blueprint = Blueprint("contribute", __name__)

ROWS: Final = 3
"""Participations that the form has room for; the file takes any number."""
_TURTLE: Final = Format("ttl", "graph", "Turtle", ("text/turtle",))
_ELSEWHERE: Final = (
    STANDARD_PREFIXES["dcterms"] + "type",
    *(NS + name for name in ("within", "servesPlace", "startPlace", "locatedIn")),
)
"""What the form asks for by itself, and what is said of places, offices and events."""
_SHORT: Final = re.compile(r"[a-z][a-z-]*:[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST: Final = 5000


Options = tuple[tuple[str, str], ...]

_asked: Final[WeakKeyDictionary[Engine, dict[tuple[str, str], Options]]] = WeakKeyDictionary()
_asking: Final = threading.Lock()


@dataclass(slots=True)
class _Picked:
    """The fields of the form, the values given, and what is wrong with them."""

    given: dict[str, list[str]]
    wrong: list[str] = field(default_factory=list)

    def one(self, name: str) -> str | None:
        return next((value for value in self.given.get(name, []) if value), None)

    def term(self, asked: ShapeField, label: str, value: str) -> str | None:
        """Return a value as a term of the graph, or note that there is none."""
        found = asked.parameter(label).term(value, state().terms)
        if isinstance(found, WrongValue):
            meant = f" ({', '.join(found.meant)}?)" if found.suggestions else ""
            self.wrong.append(f"{label}: “{value}”{meant}")
            return None
        if asked.datatype is not None:
            return str(Literal(found.value, datatype=NamedNode(asked.datatype)))
        short = compact(found.value)
        return short if _SHORT.fullmatch(short) else str(found)

    def slug(self, name: str, asked: ShapeField, label: str) -> str | None:
        """Return the last part of the IRI that a value stands for, or None without one."""
        value = self.one(name)
        term = self.term(asked, label, value) if value else None
        return term.rpartition(":")[2] if term else None


@blueprint.get("/contribute/record")
def form() -> Response:
    """Show the form."""
    format_among((PAGE,))
    return _page(_Picked({}))


@blueprint.post("/contribute/record")
def draft() -> Response:
    """Give the record as a file with the verdict on it, or the file alone."""
    fields = parameters_of(request.get_data())
    picked = _Picked(_given(fields))
    try:
        path, text = _record(picked)
        if last(fields, "as") == "file":
            response = body(text.encode(), _TURTLE)
            name = path.rpartition("/")[2]
            response.headers.set("Content-Disposition", "attachment", filename=name)
            return response
        verdicts: Verdicts = current_app.extensions[VERDICTS]
        proposal = Proposal(
            text.encode(), "turtle", "json", languages()[0], target=path, replace=True
        )
        _, verdict = verdicts.ask(proposal)
        return _page(picked, path=path, text=text, verdict=json.loads(verdict))
    except MigovError as error:
        return _page(picked, failure=problem(error))


def _given(fields: Parameters) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        if len(value) > _LONGEST:
            raise ParameterError(f"{name} has more than {_LONGEST:,} characters.")
        found.setdefault(name, []).append(" ".join(value.split()))
    return found


def _shapes() -> Shapes:
    """Return the shapes, read once a request."""
    if "read_shapes" not in g:
        g.read_shapes = Shapes(state().shapes, languages())
    found: Shapes = g.read_shapes
    return found


def _facts() -> list[ShapeField]:
    """Return what the form asks of an initiative beside its name, title, type and dates."""
    shapes = _shapes()
    return offered([*shapes.fields("Initiative"), *shapes.fields("Entity")], _ELSEWHERE)


def _record(picked: _Picked) -> tuple[str, str]:
    """Return the path of a record's file and its text; raises ParameterError."""
    by_path = {each.path: each for each in _shapes().fields("SourceRecord")}
    parts = {each.path: each for each in _shapes().fields("Participation")}
    dcterms = STANDARD_PREFIXES["dcterms"]
    labels = _labels()
    publisher = picked.slug("publisher", by_path[dcterms + "publisher"], "publisher")
    document = picked.slug("document", by_path[NS + "sourceDocument"], "document")
    initiative = ShapeField(NS + "describes", None, "", of=NS + "Initiative")
    about = picked.slug("about", initiative, "about")
    facts = list(_stated(picked, labels))
    roles = list(_roles(picked, parts))
    if picked.wrong:
        raise ParameterError(
            "Not in this graph: " + "; ".join(picked.wrong) + ".",
            hint="Pick one of the list, or leave the field empty.",
        )
    missing = {"publisher": publisher, "source document": document, "lines": picked.one("lines")}
    for name, value in missing.items():
        if not value:
            raise ParameterError(f"A record needs its {name}.", hint="Fill the field in.")
    named = picked.one("record-en") if about else picked.one("name-en")
    slug = drafting.checked_slug(picked.one("slug") or drafting.slug_of(named or ""))
    path = f"data/records/{publisher}/{slug}.ttl"
    text = drafting.record(
        _known(f"initiative/{slug}", f"initiative/{about}", f"actor/{publisher}", document or ""),
        publisher or "",
        slug,
        about=about,
        document=document or "",
        lines=picked.one("lines") or "",
        at=picked.one("at"),
        kind=picked.one("type") if about is None else None,
        title=picked.one("title"),
        language="fr" if picked.one("language") == "fr" else "en",
        start=picked.one("start"),
        end=picked.one("end"),
        texts={name: text for name in drafting.TEXTS if (text := picked.one(name))},
        facts=facts,
        participations=roles,
    )
    schemes = [name for name, iri in state().prefixes.items() if iri.startswith(CONCEPT)]
    return path, drafting.prefixes(path, text, schemes) + "\n" + text


def _labels() -> dict[str, str]:
    facts = _facts()
    names = names_of(each.path for each in facts)
    return {each.path: each.name or names.label(each.path).text for each in facts}


def _stated(picked: _Picked, labels: Mapping[str, str]) -> Iterator[str]:
    for asked in _facts():
        terms = [
            term
            for value in picked.given.get(asked.key, [])
            if value and (term := picked.term(asked, labels[asked.path], value))
        ]
        if terms:
            yield f"{compact(asked.path)} {' , '.join(dict.fromkeys(terms))}"


def _roles(picked: _Picked, parts: Mapping[str, ShapeField]) -> Iterator[drafting.Participation]:
    language = "fr" if picked.one("language") == "fr" else "en"
    for number in range(ROWS):
        actor = picked.slug(f"actor-{number}", parts[NS + "actor"], "actor")
        role = picked.slug(f"role-{number}", parts[NS + "role"], "role")
        certainty = picked.slug(f"certainty-{number}", parts[NS + "certainty"], "certainty")
        if actor and role:
            wording = picked.one(f"wording-{number}")
            yield drafting.Participation(actor, role, certainty or "stated", wording, language)


def _known(*names: str) -> drafting.Known:
    """Return which of some things the graph has, with its types and the lines of its documents."""
    iris = [iri for name in names if (iri := _iri(name))]
    rows = select(state().house, f"SELECT DISTINCT ?s {{ {values('s', iris)} ?s ?p ?o }}")
    counted = select(state().house, f"SELECT ?s ?n {{ ?s <{NS}lineCount> ?n }}")
    types = instances_of(state().house, CONCEPT + "initiative-type", languages())
    counts = {row["s"].value: int(row["n"].value) for row in counted}
    return drafting.Known(
        {*(row["s"].value for row in rows), *(entry.iri for entry in types), *counts}, counts
    )


def _iri(name: str) -> str | None:
    """Return the IRI of an entity, None where a name cannot be part of one."""
    return ID + name if re.fullmatch(r"[a-z]+/[a-z0-9-]+", name) else None


def _options(of: str) -> Options:
    """Return what there is to pick of a class or a scheme, asked once a snapshot and language."""
    engine, key = state().house, (of, languages()[0])
    with _asking:
        kept = _asked.setdefault(engine, {})
        if key not in kept:
            entries = instances_of(engine, of, languages())
            kept[key] = tuple((short_name(entry.iri), entry.label.text) for entry in entries)
        return kept[key]


def _page(picked: _Picked, **shown: Any) -> Response:
    shapes, facts, labels = _shapes(), _facts(), _labels()
    record = {each.key: each for each in shapes.fields("SourceRecord")}
    parts = {each.key: each for each in shapes.fields("Participation")}
    classes = dict.fromkeys(
        [
            *(each.of for each in facts if each.of and not each.of.startswith(CONCEPT)),
            *(each.of for each in (record["dcterms-publisher"], parts["mg-actor"]) if each.of),
            NS + "Initiative",
        ]
    )
    failure = shown.get("failure")
    response = page(
        "contribute.html",
        status=failure.status if failure else 200,
        given=picked.given,
        one=picked.one,
        record=record,
        parts=parts,
        facts=facts,
        labels=labels,
        lists={of: _options(of) for of in classes},
        documents=_options(NS + "SourceDocument"),
        types=_options(CONCEPT + "initiative-type"),
        roles=_options(CONCEPT + "role"),
        certainties=_options(CONCEPT + "certainty"),
        concepts={
            each.of: _options(each.of) for each in facts if each.of and "/concept/" in each.of
        },
        rows=range(ROWS),
        language=languages()[0],
        **{"verdict": None, "text": None, "path": None, "failure": None, **shown},
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response
