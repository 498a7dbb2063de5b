"""Lexical forms of the datatypes of XML Schema, and what a wrong one was probably meant to be."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final

from migov.vocabulary import STANDARD_PREFIXES

_XSD: Final = STANDARD_PREFIXES["xsd"]
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR: Final = r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DECIMAL: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_FLOAT: Final = rf"(?:{_DECIMAL}(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN)"
_FORMS: Final = {
    "boolean": r"true|false|0|1",
    "decimal": _DECIMAL,
    "double": _FLOAT,
    "float": _FLOAT,
    "integer": r"[+-]?[0-9]+",
    "int": r"[+-]?[0-9]+",
    "long": r"[+-]?[0-9]+",
    "short": r"[+-]?[0-9]+",
    "nonNegativeInteger": r"\+?[0-9]+|-0+",
    "positiveInteger": r"\+?0*[1-9][0-9]*",
    "nonPositiveInteger": r"-[0-9]+|\+?0+",
    "negativeInteger": r"-0*[1-9][0-9]*",
    "gYear": _YEAR + _ZONE,
    "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}",
    "gMonth": f"--{_MONTH}{_ZONE}",
    "gDay": f"---{_DAY}{_ZONE}",
    "gMonthDay": f"--{_MONTH}-{_DAY}{_ZONE}",
    "date": f"({_YEAR})-({_MONTH})-({_DAY}){_ZONE}",
    "dateTime": f"({_YEAR})-({_MONTH})-({_DAY})T{_TIME}{_ZONE}",
    "dateTimeStamp": f"({_YEAR})-({_MONTH})-({_DAY})T{_TIME}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})",
    "time": _TIME + _ZONE,
    "duration": r"-?P(?=[0-9T])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?"
    r"(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?",
    "anyURI": r"[^\s<>\"{}|\\^`]*",
    "language": r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*",
    "hexBinary": r"(?:[0-9a-fA-F]{2})*",
    "base64Binary": r"(?:[A-Za-z0-9+/]\s?)*={0,2}",
}
_PATTERNS: Final = {_XSD + name: re.compile(form) for name, form in _FORMS.items()}
_LOOSE_DATE: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?")
_DATES: Final = ("date", "gYearMonth", "gYear")


def fits(text: str, datatype: str) -> bool:
    """Return whether a lexical form is one of a datatype; unknown datatypes take any.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> [fits(text, xsd + "date") for text in ("2024-02-29", "2023-02-29", "2023-2-9", "2023")]
    [True, False, False, False]
    """
    pattern = _PATTERNS.get(datatype)
    if pattern is None:
        return True
    found = pattern.fullmatch(text)
    if found is None:
        return False
    if not found.groups():
        return True
    year, month, day = (int(found[n]) for n in (1, 2, 3))
    return day <= monthrange(year % 400 + 2000, month)[1]  # the calendar repeats in 400 years


def mended(text: str, datatype: str) -> tuple[str, str] | None:
    """Return the text and datatype that a misfit was meant to be, where that is mechanical.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> mended("2020-6-4", xsd + "date")
    ('2020-06-04', 'http://www.w3.org/2001/XMLSchema#date')
    >>> mended("2020-06", xsd + "date")[1]
    'http://www.w3.org/2001/XMLSchema#gYearMonth'
    >>> mended("in spring", xsd + "date") is None
    True
    """
    name = datatype.removeprefix(_XSD)
    stripped = text.strip()
    candidates = [(stripped, datatype)]
    if name in _DATES:
        found = _LOOSE_DATE.fullmatch(stripped)
        if found:
            parts = [found[1], *(part.zfill(2) for part in found.groups()[1:] if part)]
            stripped = "-".join(parts)
        candidates = [(stripped, datatype), *((stripped, _XSD + other) for other in _DATES)]
    elif name == "boolean":
        truth = {"yes": "true", "no": "false"}.get(stripped.lower(), stripped.lower())
        candidates = [(truth, datatype)]
    elif name in ("integer", "decimal", "nonNegativeInteger", "positiveInteger"):
        grouped = re.fullmatch(r"[0-9]{1,3}(?:[,\u00a0\u202f ][0-9]{3})+(?:\.[0-9]+)?", stripped)
        plain = re.sub(r"[,\u00a0\u202f ]", "", stripped) if grouped else stripped
        candidates = [(plain, datatype)]
    return next((found for found in candidates if fits(*found)), None)
