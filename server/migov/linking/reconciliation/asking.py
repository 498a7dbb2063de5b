"""What a client asks: batches of either version of the API → questions, or one clear error."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from migov.errors import ParameterError

MOST_QUERIES: Final = 100
"""Questions in one batch; clients send ten or so."""
MOST_TEXTS: Final = 200
MOST_LETTERS: Final = 10_000
"""Names, values of properties, and letters of names in one batch: each is compared with many
things, and a batch is answered in the process that serves everybody."""
MOST_CANDIDATES: Final = 50
LONGEST: Final = 1000
"""Characters of one name or value: longer ones are no names."""
_DEFAULT: Final = 5

Strictness = Literal["any", "should", "all"]
Quantifier = Literal["any", "all", "none"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One property that candidates should have, or must have where it is required."""

    property: str
    values: tuple[str, ...]
    quantifier: Quantifier = "any"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to find: its names or its identifier, its types, and what else is known of it."""

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    strictness: Strictness = "any"
    conditions: tuple[Condition, ...] = ()
    limit: int = _DEFAULT
    language: str | None = None


def read_batch(text: str) -> dict[str, Question]:
    """Return the questions of a version 0.2 batch by key; raises ParameterError naming the place.

    >>> read_batch('{"q0": {"query": "Morocco", "type": "ns#Country"}}')["q0"].names
    ('Morocco',)
    """
    batch = _json(text, "queries")
    if not isinstance(batch, dict):
        raise _wrong("queries", "an object with one query per key")
    _check_number(len(batch))
    found = {key: _question(query, key) for key, query in batch.items()}
    _check_weight(found.values())
    return found


def _question(query: Any, key: str) -> Question:
    if isinstance(query, str):  # old clients send the name alone
        query = {"query": query}
    if not isinstance(query, dict):
        raise _wrong(key, "an object with “query”")
    names = () if query.get("query") is None else (_text(query["query"], f"{key}.query"),)
    given = query.get("properties", [])
    if not isinstance(given, list):
        raise _wrong(f"{key}.properties", "a list")
    conditions = tuple(
        _property(each, f"{key}.properties[{number}]") for number, each in enumerate(given)
    )
    if not names and not conditions:
        raise _wrong(key, "an object with “query” or “properties”")
    strictness = query.get("type_strict", "any")
    if strictness not in ("any", "should", "all"):
        raise _wrong(f"{key}.type_strict", "any, should or all")
    return Question(
        names,
        types=_types(query.get("type"), f"{key}.type"),
        strictness=strictness,
        conditions=conditions,
        limit=_limit(query.get("limit"), f"{key}.limit"),
    )


def _property(given: Any, place: str) -> Condition:
    if not isinstance(given, dict) or "pid" not in given or "v" not in given:
        raise _wrong(place, "an object with “pid” and “v”")
    return Condition(_text(given["pid"], f"{place}.pid"), _values(given["v"], f"{place}.v"))


def read_match(text: str) -> list[Question]:
    """Return the questions of a 1.0-draft match request in order; raises ParameterError."""
    batch = _json(text, "body")
    queries = batch.get("queries") if isinstance(batch, dict) else None
    if not isinstance(queries, list):
        raise _wrong("body", "an object with the list “queries”")
    _check_number(len(queries))
    found = [_match(query, f"queries[{number}]") for number, query in enumerate(queries)]
    _check_weight(found)
    return found


def _match(query: Any, place: str) -> Question:
    given = query.get("conditions") if isinstance(query, dict) else None
    if not isinstance(given, list) or not given:
        raise _wrong(place, "an object with the list “conditions”, not empty")
    names: list[str] = []
    ids: list[str] = []
    conditions: list[Condition] = []
    for number, condition in enumerate(given):
        where = f"{place}.conditions[{number}]"
        if not isinstance(condition, dict) or "propertyValue" not in condition:
            raise _wrong(where, "an object with “matchType” and “propertyValue”")
        values = _values(condition["propertyValue"], f"{where}.propertyValue")
        match condition.get("matchType"):
            case "name":
                names.extend(values)
            case "id":
                ids.extend(values)
            case "property":
                conditions.append(_draft_property(condition, values, where))
            case _:
                raise _wrong(f"{where}.matchType", "name, id or property")
    language = query.get("lang")
    return Question(
        tuple(names),
        tuple(ids),
        _types(query.get("type"), f"{place}.type"),
        conditions=tuple(conditions),
        limit=_limit(query.get("limit"), f"{place}.limit"),
        language=language if isinstance(language, str) else None,
    )


def _draft_property(given: Mapping[str, Any], values: tuple[str, ...], place: str) -> Condition:
    if "propertyId" not in given:
        raise _wrong(place, "an object with “propertyId”, since matchType is property")
    quantifier = given.get("matchQuantifier", "any")
    if quantifier not in ("any", "all", "none"):
        raise _wrong(f"{place}.matchQuantifier", "any, all or none")
    return Condition(
        _text(given["propertyId"], f"{place}.propertyId"),
        values,
        quantifier,
        given.get("required") is True,
    )


@dataclass(frozen=True, slots=True)
class Extension:
    """Which properties of which entities a client wants, by their identifiers."""

    ids: tuple[str, ...]
    properties: tuple[str, ...]


def read_extension(text: str) -> Extension:
    """Return a data extension query, the same in both versions; raises ParameterError."""
    given = _json(text, "extend")
    if not isinstance(given, dict):
        raise _wrong("extend", "an object with “ids” and “properties”")
    ids, properties = given.get("ids"), given.get("properties")
    if not isinstance(ids, list) or not isinstance(properties, list):
        raise _wrong("extend", "an object with the lists “ids” and “properties”")
    if len(ids) > 1000 or len(properties) > 50:
        raise _wrong("extend", "at most 1,000 ids and 50 properties")
    names = []
    for number, each in enumerate(properties):
        if not isinstance(each, dict) or "id" not in each:
            raise _wrong(f"extend.properties[{number}]", "an object with “id”")
        names.append(_text(each["id"], f"extend.properties[{number}].id"))
    return Extension(
        tuple(_text(each, f"extend.ids[{number}]") for number, each in enumerate(ids)),
        tuple(names),
    )


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        at = (
            f", line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise ParameterError(
            f"{place} is not JSON{at}.", hint='Send {"q0": {"query": "Morocco"}}, for example.'
        ) from error


def _check_number(queries: int) -> None:
    if queries > MOST_QUERIES:
        raise ParameterError(
            f"There are {queries} queries in one batch; this service takes {MOST_QUERIES}.",
            hint="Send several batches.",
        )


def _check_weight(questions: Collection[Question]) -> None:
    names = [name for question in questions for name in question.names]
    values = sum(len(each.values) for question in questions for each in question.conditions)
    for count, most, what in (
        (len(names), MOST_TEXTS, "names"),
        (values, MOST_TEXTS, "values of properties"),
        (sum(map(len, names)), MOST_LETTERS, "letters of names"),
    ):
        if count > most:
            raise ParameterError(
                f"There are {count:,} {what} in one batch; this service takes {most:,}.",
                hint="Send several batches.",
            )


def _values(given: Any, place: str) -> tuple[str, ...]:
    return tuple(_value(each, place) for each in (given if isinstance(given, list) else [given]))


def _value(given: Any, place: str) -> str:
    """Return a property's value as text; a thing that was matched already counts by its id."""
    if isinstance(given, dict) and isinstance(given.get("id"), str):
        return _text(given["id"], place)
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return f"{given:g}" if isinstance(given, float) else str(given)
    return _text(given, place)


def _text(given: Any, place: str) -> str:
    if not isinstance(given, str):
        raise _wrong(place, "a text")
    if len(given) > LONGEST:
        raise _wrong(place, f"a text of at most {LONGEST:,} characters")
    return given


def _types(given: Any, place: str) -> tuple[str, ...]:
    if given is None or given == "":
        return ()
    wanted: Sequence[Any] = given if isinstance(given, list) else [given]
    return tuple(
        _text(each.get("id") if isinstance(each, dict) else each, place) for each in wanted
    )


def _limit(given: Any, place: str) -> int:
    if given is None:
        return _DEFAULT
    if isinstance(given, bool) or not isinstance(given, int | float) or not given >= 1:
        raise _wrong(place, "a number, 1 or more")
    return int(min(given, MOST_CANDIDATES))


def _wrong(place: str, expected: str) -> ParameterError:
    return ParameterError(f"{place} is not what was expected: {expected}.")
