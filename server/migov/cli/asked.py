"""What the words after `migov query` ask for."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from migov.errors import EnvironmentProblem, QuerySyntaxError, RequestError
from migov.repository import find_repository

if TYPE_CHECKING:
    from migov.catalogue import CannedQuery
    from migov.engine import LocalEngine
    from migov.settings import Settings

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query given as text: from the command line, a file or standard input."""

    text: str


@dataclass(frozen=True, slots=True)
class Canned(Asked):
    """A canned query."""

    query: CannedQuery

    def bound(self, values: Mapping[str, str], language: str, engine: LocalEngine) -> str:
        """Return its text with the values in it; raises InvalidValuesError."""
        from migov.entities import GraphTerms

        names = {parameter.name for parameter in self.query.parameters}
        defaults = {"lang": language} if "lang" in names else {}
        return self.query.bind({**defaults, **values}, GraphTerms(engine))


def arguments_of(words: Sequence[str], pairs: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Return the query and the values of its parameters.

    >>> arguments_of(["budgets", "--currency", "USD", "--year=2020"], ["a=b"])
    ('budgets', {'a': 'b', 'currency': 'USD', 'year': '2020'})
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p {pair} is not of the form NAME=VALUE.")
        values[name] = value
    queries: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            if not equals:
                if not rest:
                    raise click.UsageError(f"The parameter {word} has no value.")
                value = rest.pop(0)
            values[name] = value
        else:
            queries.append(word)
    if len(queries) > 1:
        raise click.UsageError(
            f"“{queries[1]}” is one word too many: put SPARQL text in quotation marks, "
            "and give a parameter as --NAME VALUE."
        )
    if values and not queries:
        raise click.UsageError("Parameters were given, and no query.")
    return (queries[0] if queries else None), values


def resolve(text: str, values: Mapping[str, str], settings: Settings) -> Asked:
    """Return the query that a word, a file name or a text means."""
    if text == "-":
        asked = Asked(_decoded(sys.stdin.buffer.read(), "Standard input"))
    elif _SLUG.fullmatch(text):
        return _canned(text, settings)
    elif _is_file(text):
        path = Path(text)
        folder = find_repository(settings.root).queries
        if path.is_file() and path.resolve().parent == folder.resolve():
            return _canned(path.stem, settings)
        asked = Asked(_decoded(_content(path), text))
    else:
        asked = Asked(_sparql(text))
    if values:
        name = next(iter(values))
        raise RequestError(
            f"A query given as text has no parameter “{name}”.",
            hint="Only canned queries have parameters; “migov query” lists them.",
        )
    if not asked.text.strip():
        raise QuerySyntaxError("The query is empty.", hint="Write SPARQL, or name a canned query.")
    return asked


def _canned(slug: str, settings: Settings) -> Canned:
    from migov.catalogue import read_catalogue
    from migov.errors import UnknownQueryError

    try:
        query = read_catalogue(find_repository(settings.root).queries).find(slug)
    except UnknownQueryError as error:
        error.hint = error.hint or "“migov query” lists the canned queries."
        raise
    return Canned(query.text, query)


def _is_file(text: str) -> bool:
    """Return whether a text is the name of a file and not a query."""
    if any(char in text for char in "{\n"):
        return False
    return text.endswith(".rq") or ("/" in text and " " not in text and "<" not in text)


def _sparql(text: str) -> str:
    """Return the text; raises QuerySyntaxError where it is no attempt at a query."""
    from migov.sparql.tokens import tokenize

    tokens = tokenize(text)
    if text.strip() and "{" not in text and not any(token.is_word(*_FORMS) for token in tokens):
        raise QuerySyntaxError(
            f"“{text}” is neither a canned query, nor a file, nor SPARQL.",
            hint="“migov query” lists the canned queries; SPARQL begins with SELECT, ASK, "
            "CONSTRUCT or DESCRIBE.",
        )
    return text


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EnvironmentProblem(
            f"{path} cannot be read: {error.strerror}.", hint="Is the name of the file right?"
        ) from error


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QuerySyntaxError(
            f"{name} is not UTF-8 text (byte {error.start + 1}).", hint="Save it as UTF-8."
        ) from error
