"""`/suggest`: what a text that somebody types may be the beginning of, for the search box."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, jsonify
from pyoxigraph import Literal

from migov.engine import select
from migov.entities import labels
from migov.entities.sparql import values
from migov.errors import ParameterError
from migov.fulltext import Hit, Search
from migov.protocol.formats import JSON
from migov.protocol.operation import last
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.web.links import href
from migov.web.request import format_among, languages, url_parameters
from migov.web.site import state
from migov.words import folded, words

blueprint = Blueprint("suggest", __name__)

_MOST: Final = 8
_LONGEST: Final = 200
"""Characters of a name that somebody types; a longer text is searched, not completed."""
_SHORT: Final = 3
"""Letters from which on the index knows the beginnings of words."""
_CURATED: Final = NS + "CuratedGraph"


@blueprint.get("/suggest")
def suggest() -> Response:
    """Return up to eight things: those with this very identifier or code, then those whose names
    have these words or longer ones, the best first."""
    format_among((JSON,))
    text = (last(url_parameters(), "q") or "").strip()
    if len(text) > _LONGEST:
        raise ParameterError(
            f"q has {len(text):,} characters; up to {_LONGEST} are completed.",
            hint="A longer text is for /search.",
        )
    found = dict.fromkeys(_by_code(text)) if text else {}
    told: dict[str, str] = {}
    for hit in _hits(text):
        if _CURATED not in hit.types:
            found.setdefault(hit.iri)
            told.setdefault(hit.iri, hit.text)
    response = jsonify({"q": text, "suggestions": _shown(list(found)[:_MOST], told)})
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _hits(text: str) -> list[Hit]:
    """Return what has the words of a text, names that begin with it first.

    The last word may only be begun: where it is too short to stand for longer ones and nothing
    has it, the words before it count.
    """
    wanted, index = words(folded(text)), state().services.index
    hits: tuple[Hit, ...] = ()
    while wanted and not hits:
        hits = index.search(Search(" ".join(wanted), limit=2 * _MOST, prefers=languages()[0])).hits
        wanted = wanted[:-1] if len(wanted[-1]) < _SHORT else []
    begun = folded(text)
    return sorted(hits, key=lambda hit: not folded(hit.text).startswith(begun))


def _shown(iris: list[str], told: dict[str, str]) -> list[dict[str, Any]]:
    """Return things as the search box shows them; `found` is the name that fits, if another."""
    types = _types(iris)
    known = labels(state().house, {*iris, *types.values()}, languages())
    shown = []
    for iri in iris:
        name, kind = known[iri], types.get(iri)
        found = told.get(iri, name.text)
        shown.append(
            {
                "iri": iri,
                "label": name.text,
                "language": name.language,
                "type": known[kind].text if kind else None,
                "found": found if found != name.text and len(found) < _LONGEST else None,
                "url": href(iri),
            }
        )
    return shown


def _types(iris: list[str]) -> dict[str, str]:
    """Return for each thing one of its classes."""
    if not iris:
        return {}
    rows = select(
        state().house,
        f"SELECT ?s (MIN(?class) AS ?kind) WHERE {{ {values('s', iris)} ?s a ?class "
        "FILTER(isIRI(?class)) } GROUP BY ?s",
    )
    return {row["s"].value: row["kind"].value for row in rows if "kind" in row}


def _by_code(text: str) -> list[str]:
    """Return what has a text as its identifier in some scheme, or as its code."""
    spellings = dict.fromkeys((text, text.upper()))
    codes = " ".join(str(Literal(spelling)) for spelling in spellings)
    rows = select(
        state().house,
        f"""PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES["skos"]}>
        SELECT DISTINCT ?s WHERE {{
          VALUES ?code {{ {codes} }}
          {{ ?s mg:isoAlpha3 ?code }} UNION {{ ?s mg:isoAlpha2 ?code }} UNION {{ ?s mg:m49 ?code }}
          UNION {{ ?node mg:value ?code . ?s mg:identifier ?node }}
          FILTER(isIRI(?s))
        }} ORDER BY ?s LIMIT {_MOST}""",
    )
    return [row["s"].value for row in rows]
