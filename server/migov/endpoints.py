"""Other SPARQL endpoints that a query may ask, as the settings list them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_FORM: Final = "an endpoint is IRI [at=ADDRESS] [private] [deadline=SECONDS] [answer=MEGABYTES]"
_IRI: Final = re.compile(r"https?://[^\s<>\"{}|\\^`]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint that a query may name in SERVICE.

    `private` allows its address to be a private one. `deadline` (seconds) and `answer` (megabytes)
    are None where those of the settings hold. `at` is the address of a mirror that is asked in its
    place, None where its IRI is its address.
    """

    iri: str
    private: bool = False
    deadline: float | None = None
    answer: float | None = None
    at: str | None = None

    @property
    def address(self) -> str:
        """Where the endpoint is asked."""
        return self.at or self.iri


def endpoints_of(text: str) -> tuple[Endpoint, ...]:
    """Return the endpoints of a list with commas or line breaks, or of the file that it names.

    Raises ValueError saying what does not fit.

    >>> [(one.iri, one.private) for one in endpoints_of("https://a.org/sparql, http://b/ private")]
    [('https://a.org/sparql', False), ('http://b/', True)]
    >>> endpoints_of("https://a.org/sparql at=http://127.0.0.1:7878/query private")[0].address
    'http://127.0.0.1:7878/query'
    """
    if not text.lstrip().startswith(("http:", "https:")):
        text = _file(text.strip())
    lines = (line.partition(" #")[0].strip() for line in re.split(r"[\r\n]|,(?=\s|https?:)", text))
    found = [_endpoint(line) for line in lines if line and not line.startswith("#")]
    if len({endpoint.iri for endpoint in found}) < len(found):
        raise ValueError("an endpoint is there twice")
    return tuple(found)


def _file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError):
        raise ValueError(f"there is no file {path!r} to read, and {_FORM}") from None


def _endpoint(line: str) -> Endpoint:
    iri, *options = line.split()
    _check(iri)
    endpoint = Endpoint(iri)
    for option in options:
        name, _, value = option.partition("=")
        if option == "private":
            endpoint = replace(endpoint, private=True)
        elif name == "at":
            _check(value)
            endpoint = replace(endpoint, at=value)
        elif name == "deadline":
            endpoint = replace(endpoint, deadline=_positive(option, value))
        elif name == "answer":
            endpoint = replace(endpoint, answer=_positive(option, value))
        else:
            raise ValueError(f"{option!r} is no option: {_FORM}")
    return endpoint


def _check(iri: str) -> None:
    if not _IRI.fullmatch(iri):
        raise ValueError(f"{iri!r} is no address of an endpoint: {_FORM}")
    try:
        parts = urlsplit(iri)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.username is not None or parts.fragment or "#" in iri:
        raise ValueError(f"{iri!r} has no host, or a user or a fragment: {_FORM}")


def _positive(option: str, value: str) -> float:
    with suppress(ValueError):
        number = float(value)
        if 0 < number < float("inf"):
            return number
    raise ValueError(f"{option!r} is no number above 0: {_FORM}")
