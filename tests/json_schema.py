"""The part of JSON Schema 2020-12 that our schemas use; a keyword beyond it is an error."""

from __future__ import annotations

import re
from typing import Any

_IGNORED = {"$schema", "$id", "title", "description", "$defs", "format"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def conforms_to(schema: dict[str, Any], value: Any) -> None:
    """Raise AssertionError where a value does not conform to a schema."""
    _check(schema, value, schema, "$")


def _check(schema: dict[str, Any], value: Any, root: dict[str, Any], at: str) -> None:
    for keyword, given in schema.items():
        if keyword in _IGNORED or keyword in ("additionalProperties", "properties"):
            continue
        assert _holds(keyword, given, value, root, at), f"{at}: {keyword} {given} of {value!r}"
    if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        known = schema.get("properties", {})
        for name, member in value.items():
            other = schema.get("additionalProperties", {})
            assert name in known or other is not False, f"{at} has {name}"
            _check(known.get(name, other), member, root, f"{at}.{name}")


def _holds(keyword: str, given: Any, value: Any, root: dict[str, Any], at: str) -> bool:
    match keyword:
        case "$ref":
            _check(root["$defs"][given.removeprefix("#/$defs/")], value, root, at)
            return True
        case "type":
            names = given if isinstance(given, list) else [given]
            return any(
                isinstance(value, _TYPES[name]) and (name == "boolean") == isinstance(value, bool)
                for name in names
            )
        case "const":
            return bool(value == given)
        case "enum":
            return bool(value in given)
        case "required":
            return all(name in value for name in given)
        case "pattern":
            return re.search(given, value) is not None
        case "minimum":
            return bool(value is None or value >= given)
        case "minItems":
            return bool(len(value) >= given)
        case "items":
            for index, item in enumerate(value):
                _check(given, item, root, f"{at}[{index}]")
            return True
        case "oneOf":
            return sum(_fits(each, value, root, at) for each in given) == 1
    raise AssertionError(f"{at}: unknown keyword {keyword}")


def _fits(schema: dict[str, Any], value: Any, root: dict[str, Any], at: str) -> bool:
    try:
        _check(schema, value, root, at)
    except AssertionError:
        return False
    return True
