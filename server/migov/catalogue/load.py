"""Reading a folder of canned queries."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast, get_args

import pyoxigraph as ox

from migov.catalogue.header import PREFIX, Header, Source, read_header, read_source
from migov.catalogue.parameters import Bound, Parameter, ParameterType
from migov.catalogue.query import CannedQuery, Form, Inferred, View, slots
from migov.dataset.files import files_in
from migov.errors import ContentError, UnknownQueryError
from migov.sparql.stored import read_query
from migov.vocabulary import CONCEPT, PREFIXES

LANGUAGES: Final = ("en", "fr")

_ENTRIES: Final = frozenset(
    {"title", "summary", "parameters", "order", "view", "inferred", "example"}
)
_PARAMETER_ENTRIES: Final = frozenset(
    {"type", "class", "scheme", "choices", "bound", "label", "default", "required", "example"}
)
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Catalogue(Mapping[str, CannedQuery]):
    """The canned queries of a folder by slug, in the order of their slugs.

    `broken` says of a file that is no canned query, by what would be its slug, what is wrong.
    """

    def __init__(
        self,
        queries: Mapping[str, CannedQuery],
        broken: Mapping[str, ContentError] | None = None,
    ) -> None:
        self._queries = dict(sorted(queries.items()))
        self.broken = dict(broken or {})

    def __getitem__(self, slug: str) -> CannedQuery:
        return self._queries[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def find(self, slug: str) -> CannedQuery:
        """Return the query of this name, or raise with the names that may have been meant.

        One whose file is broken raises with its line.

        >>> Catalogue({}).find("budgets")
        Traceback (most recent call last):
        migov.errors.UnknownQueryError: There is no canned query “budgets”.
        """
        if slug in self._queries:
            return self._queries[slug]
        if slug in self.broken:
            raise self.broken[slug]
        close = difflib.get_close_matches(slug, self._queries, n=3, cutoff=0.5)
        raise UnknownQueryError(
            f"There is no canned query “{slug}”.",
            hint=f"Did you mean {', '.join(close)}?" if close else None,
        )


def load_catalogue(folder: Path) -> Catalogue:
    """Return the canned queries of a folder; a broken file raises with its name and line."""
    catalogue = read_catalogue(folder)
    for error in catalogue.broken.values():
        raise error
    return catalogue


def read_catalogue(folder: Path) -> Catalogue:
    """Return the canned queries of a folder that can be asked; the others are its `broken`."""
    queries: dict[str, CannedQuery] = {}
    broken: dict[str, ContentError] = {}
    for path in files_in(folder, ".rq", deep=False):
        try:
            queries[path.stem] = _load(path)
        except ContentError as error:
            broken[path.stem] = error
    return Catalogue(queries, broken)


def _load(path: Path) -> CannedQuery:
    source = read_source(path)
    header = read_header(source)
    header.only(_ENTRIES)
    if not _SLUG.fullmatch(path.stem):
        raise header.error(
            f"“{path.name}” is not a name for a query.", hint="Use lower-case words and hyphens."
        )
    form, columns = _form_and_columns(source)
    parameters = tuple(_parameter(header, name) for name in header.mapping("parameters"))
    _check_slots(header, {parameter.name for parameter in parameters})
    return CannedQuery(
        slug=path.stem,
        title=_in_both_languages(header, "title"),
        summary=_in_both_languages(header, "summary"),
        parameters=parameters,
        view=cast(View, _one_of(header, get_args(View), "view")),
        inferred=_inferred(header),
        example=_example(header),
        text=_without_header(source.text),
        form=form,
        columns=columns,
        source=source.text,
        order=_order(header, parameters),
    )


def _without_header(whole: str) -> str:
    lines = whole.split("\n")
    first = next(
        (number for number, line in enumerate(lines) if not line.startswith(PREFIX)), len(lines)
    )
    return "\n".join(lines[first:]).lstrip("\n")


def _form_and_columns(source: Source) -> tuple[Form, tuple[str, ...]]:
    """Return what only the parser can tell of a query."""
    answer = read_query(source.name, source.text, services=True)
    if isinstance(answer, ox.QuerySolutions):
        return "SELECT", tuple(variable.value for variable in answer.variables)
    return ("ASK" if isinstance(answer, ox.QueryBoolean) else "CONSTRUCT"), ()


def _example(header: Header) -> Mapping[str, str]:
    for name in header.mapping("example"):
        if name not in header.mapping("parameters"):
            message = f"The example gives “{name}”, which is no parameter."
            raise header.error(message, "example", name)
    return {name: header.required_text("example", name) for name in header.mapping("example")}


def _order(header: Header, parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
    types = {parameter.name: parameter.type for parameter in parameters}
    names = header.texts("order")
    of = {types.get(name) for name in names}
    if names and (len(names) < 2 or of not in ({"date"}, {"number"})):
        raise header.error("order must name parameters that are all dates or all numbers.", "order")
    return names


def _parameter(header: Header, name: str) -> Parameter:
    at = ("parameters", name)
    header.only(_PARAMETER_ENTRIES, *at)
    kind = cast(ParameterType, _one_of(header, get_args(ParameterType), *at, "type"))
    choices = header.texts(*at, "choices")
    if (kind == "choice") != bool(choices):
        raise header.error(f"Choices belong to a parameter of type choice: {name}.", *at)
    default = header.text(*at, "default")
    required = header.text(*at, "required") == "true"
    if required and default is not None:
        raise header.error(
            f"The parameter {name} is required and has a default.",
            *at,
            "required",
            hint="Leave one of them out: what has a default need not be given.",
        )
    if kind == "choice" and default is not None and default not in choices:
        raise header.error(f"The default “{default}” is not one of the choices.", *at, "default")
    bound = header.text(*at, "bound") or "earliest"
    if bound not in get_args(Bound):
        raise header.error("bound must be earliest or latest.", *at, "bound")
    return Parameter(
        name=name,
        type=kind,
        label=_in_both_languages(header, *at, "label"),
        of=_class_or_scheme(header, kind, *at),
        choices=choices,
        bound=cast(Bound, bound),
        default=default,
        required=required,
        example=header.text(*at, "example") or header.text("example", name),
    )


def _class_or_scheme(header: Header, kind: ParameterType, *at: str) -> str | None:
    if kind == "concept":
        return CONCEPT + header.required_text(*at, "scheme")
    if kind != "entity":
        return None
    name = header.required_text(*at, "class")
    prefix, _, local = name.partition(":")
    if prefix not in PREFIXES or not local:
        message = f"“{name}” is not a class."
        raise header.error(message, *at, "class", hint="Write it as mg:Country.")
    return PREFIXES[prefix] + local


def _in_both_languages(header: Header, *at: str) -> Mapping[str, str]:
    return {language: header.required_text(*at, language) for language in LANGUAGES}


def _one_of(header: Header, allowed: tuple[str, ...], *at: str) -> str:
    value = header.required_text(*at)
    if value not in allowed:
        raise header.error(f"{'.'.join(at)} must be one of {', '.join(allowed)}.", *at)
    return value


def _inferred(header: Header) -> Inferred:
    value = _one_of(header, ("false", "adds", "needed"), "inferred")
    return False if value == "false" else cast(Inferred, value)


def _check_slots(header: Header, names: set[str]) -> None:
    found = slots(header.source.text)
    for slot in found:
        if slot.name not in names:
            line = header.source.text.count("\n", 0, slot.start) + 1
            raise ContentError(
                f"The query has a place for {slot.name}, which is no parameter of its header.",
                place=header.source.place(line),
            )
    times = Counter(slot.name for slot in found)
    for name in sorted(names):
        if times[name] != 1:
            raise header.error(
                f"The parameter {name} enters the query {times[name]} times, not once.",
                "parameters",
                name,
                hint=f"Write VALUES ?{name} {{ UNDEF }} once in the query.",
            )
