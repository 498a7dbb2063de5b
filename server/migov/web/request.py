"""What a request asks for: language, format, parameters, address."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import g, request

from migov.errors import ParameterError, RequestError
from migov.protocol.errors import CodingError
from migov.protocol.formats import Format, choose, prefers_page
from migov.protocol.operation import Parameters, last, parameters_of
from migov.vocabulary import BASE

LANGUAGES: Final = ("en", "fr")


def url_parameters() -> Parameters:
    """Return the fields of the URL's query in order; raises DataSyntaxError."""
    return parameters_of(request.query_string)


def explicit_format() -> str | None:
    return last(url_parameters(), "format")


def chosen_language() -> str | None:
    """Return the language that the address names, or None; raises ParameterError."""
    language = last(url_parameters(), "lang")
    if language is not None and language not in LANGUAGES:
        raise ParameterError(
            f"lang is “{language}”: expected one of {', '.join(LANGUAGES)}.",
        )
    return language


def languages() -> tuple[str, ...]:
    """Return the languages of labels in order of preference: ?lang=, else Accept-Language."""
    if "languages" not in g:  # a page asks hundreds of times
        g.languages = _preferred()
    found: tuple[str, ...] = g.languages
    return found


def _preferred() -> tuple[str, ...]:
    try:
        named = chosen_language()
    except RequestError:  # the page that is asked for tells; an error page still has labels
        named = None
    first = named or request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    return (first, *(language for language in LANGUAGES if language != first))


def format_among(offered: tuple[Format, ...], suffix: str | None = None) -> Format:
    """Return the format of the answer; raises UnknownFormatError."""
    chosen_language()
    return choose(request.headers.get("Accept"), suffix or explicit_format(), offered)


def wants_page() -> bool:
    """Return whether an error is better told as a page than as a problem document."""
    return prefers_page(request.headers.get("Accept"), request.args.get("format"))


def refuse_coded_body() -> None:
    """Raise CodingError for a body that is compressed (RFC 9110, 8.4).

    None is unpacked, so none can be larger inside than it looks.
    """
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise CodingError(
            f"A body coded as {coding[:40]} is not read here.",
            hint="Send it as it is, without Content-Encoding.",
        )


def own_iri(path: str) -> str:
    """Return the IRI under our base that a path of this server stands for.

    >>> own_iri("/id/actor/ilo")
    'https://w3id.org/migov/id/actor/ilo'
    """
    return BASE + quote(path.lstrip("/"), safe="/:@!$&'()*+,;=~-._")
