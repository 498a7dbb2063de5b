"""One table of settings: from it come the command line's options, the environment and the docs."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import platformdirs

from migov.endpoints import Endpoint, endpoints_of
from migov.errors import EnvironmentProblem


def _setting(default: Any, help: str, parse: Callable[[str], Any], unset: str = "none") -> Any:
    """Return a setting; `unset` is what the docs say where the default cannot be shown."""
    return field(default=default, metadata={"help": help, "parse": parse, "unset": unset})


def _positive_number(text: str) -> float:
    with suppress(ValueError):
        number = float(text)
        if 0 < number < float("inf"):
            return number
    raise ValueError("it must be a number above 0")


def _whole(text: str) -> int:
    with suppress(ValueError):
        number = int(text)
        if number >= 0:
            return number
    raise ValueError("it must be a whole number, 0 or more")


def _positive_whole(text: str) -> int:
    with suppress(ValueError):
        number = int(text)
        if number >= 1:
            return number
    raise ValueError("it must be a whole number, 1 or more")


def _port(text: str) -> int:
    with suppress(ValueError):
        number = int(text)
        if 0 <= number <= 65535:
            return number
    raise ValueError("it must be a whole number from 0 to 65535")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        number = float(text)
        if 0 <= number < float("inf"):
            return number
    raise ValueError("it must be a number, 0 or more")


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f"it must be {', '.join(words[:-1])} or {words[-1]}")

    return parse


def _metrics(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if text in ("off", "loopback", "all") or (host and colon and _port(port)):
        return text
    raise ValueError("it must be off, loopback, all, or an address such as 127.0.0.1:9464")


def _proxies(text: str) -> str:
    try:
        for part in filter(None, map(str.strip, text.split(","))):
            ipaddress.ip_network(part)
    except ValueError:
        raise ValueError("it must be addresses and networks, joined by commas") from None
    return text


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user") from None


def checked_url(text: str) -> str:
    """Return an address as it is given; raises ValueError where it is none, or names a user."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        is_address = has_port = False
    if not is_address or not has_port or parts.fragment or not text.isascii() or " " in text:
        raise ValueError("it must be an address that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a name or password does not belong into an address, which is logged")
    return text


_PREFIX: Final = "MIGOV_"
_BESIDE: Final = ("MIGOV_PASSWORD", "MIGOV_BASE", "MIGOV_LANG")
"""Variables that are no settings: the password of the store, and what the GitHub Action reads."""
_OF_TESTS: Final = "MIGOV_TEST_"
_CACHE = Path(platformdirs.user_cache_dir("migov"))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is read from `MIGOV_<NAME>` unless the command line gives it.

    >>> Settings.from_environment({"MIGOV_PORT": "8080"}).port
    8080
    """

    host: str = _setting("127.0.0.1", "address that the server listens on", str)
    port: int = _setting(8000, "port that the server listens on; 0 takes a free one", _port)
    root: Path | None = _setting(
        None,
        "folder that holds ontology, data, shapes, queries",
        _path,
        unset="the checkout around the current folder, else that of the software",
    )
    cache: Path = _setting(
        _CACHE,
        "folder for built snapshots; safe to delete",
        _path,
        unset="`migov` in the user's cache folder",
    )
    deadline: float = _setting(10.0, "seconds that one query may take", _positive_number)
    part: float = _setting(
        3.0,
        "seconds that one part of a page may take before the page comes without it",
        _positive_number,
    )
    workers: int = _setting(2, "worker processes that run queries", _positive_whole)
    memory: int = _setting(2048, "megabytes that one worker may use", _positive_whole)
    answer: int = _setting(64, "megabytes that one answer may have", _positive_whole)
    rows: int = _setting(
        0,
        "rows or triples that one SPARQL answer may have; a cut one says so; 0 is any number",
        _whole,
    )
    kept: int = _setting(
        64, "megabytes of answers kept for repeated requests; 0 keeps none", _whole
    )
    text: int = _setting(100_000, "characters that one query may have", _positive_whole)
    page: int = _setting(1000, "rows in one page of a canned query over HTTP", _positive_whole)
    store: Any = _setting(
        "auto",
        "where the graph is while it is asked: memory, disk, or auto, which is disk from 4 million "
        "quads (each asserted triple is two)",
        _one_of("auto", "memory", "disk"),
    )
    inference: str = _setting(
        "on",
        "whether what follows from the graph is derived: on, or off for one too large for that",
        _one_of("on", "off"),
    )
    watch: float = _setting(1.0, "seconds between looks for changed files", _positive_number)
    tokens: Path | None = _setting(
        None,
        "file of the tokens that may write over HTTP, outside the content",
        _path,
        unset="none: the server only reads",
    )
    targets: Path | None = _setting(
        None,
        "folder with the manifests of pinned snapshots that links are compared with at the gate",
        _path,
        unset="none: links are not compared",
    )
    federation: tuple[Endpoint, ...] = _setting(
        (),
        "endpoints that SERVICE may ask, by exact IRI: a list with commas, or a file with one a "
        "line; after an IRI may stand at=ADDRESS (a mirror), private, "
        "deadline=SECONDS, answer=MEGABYTES",
        endpoints_of,
        unset="none",
    )
    federation_deadline: float = _setting(
        15.0, "seconds that another endpoint has for its answer", _positive_number
    )
    federation_answer: float = _setting(
        8.0, "megabytes that the answer of another endpoint may have", _positive_number
    )
    engine: str | None = _setting(
        None,
        "address of a SPARQL 1.1 store that answers instead of the workers",
        checked_url,
        unset="none: the files of this machine are asked",
    )
    engine_edits: str = _setting(
        "off",
        "whether others write to the published graphs in that store: on keeps and names no answer, "
        "off notices edits by counting",
        _one_of("on", "off"),
    )
    user: str | None = _setting(
        None,
        "name that the store knows; its password is MIGOV_PASSWORD, or both are in ~/.netrc",
        str,
    )

    log: str = _setting(
        "text", "form of the log: text, or json for programs", _one_of("text", "json")
    )
    log_level: str = _setting(
        "info",
        "what is logged: debug (queries too), info (a line a request), warning or error",
        _one_of("debug", "info", "warning", "error"),
    )
    metrics: str = _setting(
        "loopback",
        "who reads /metrics: off, loopback, all, or HOST:PORT for an address of its own",
        _metrics,
    )
    budget: float = _setting(
        0.0, "seconds of answering that one client may use in a minute; 0 is any number", _seconds
    )
    proxies: str = _setting(
        "", "addresses and networks of proxies whose forwarding headers are believed", _proxies
    )
    farewell: float = _setting(
        5.0, "seconds that running requests have when the server is stopped", _positive_number
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raises EnvironmentProblem naming the variable that does not fit."""
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for setting in fields(cls):
            name = variable(setting.name)
            given = environment.get(name)
            if given:
                try:
                    values[setting.name] = setting.metadata["parse"](given)
                except ValueError as error:
                    raise EnvironmentProblem(
                        f"{name}={without_secrets(given)!r} does not fit: {error}.",
                        hint=f"{name} is: {setting.metadata['help']}.",
                    ) from error
        return cls(**values)


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each variable that looks like a setting and is none.

    They are worth a warning and no error: a machine may set one for a newer version than the one
    that it goes back to, and that is no moment to refuse to start.

    >>> unknown_variables({"MIGOV_DEADLIN": "5", "MIGOV_PORT": "1", "MIGOV_TEST_ALL": "1"})
    ['MIGOV_DEADLIN is no setting, and changes nothing. Did you mean MIGOV_DEADLINE?']
    """
    environment = os.environ if environment is None else environment
    known = [variable(setting.name) for setting in fields(Settings)] + list(_BESIDE)
    told = []
    for name in sorted(environment):
        is_ours = name in known or name.startswith(_OF_TESTS)
        if name.startswith(_PREFIX) and environment[name] and not is_ours:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            meant = f"Did you mean {close[0]}?" if close else "“migov serve --help” lists them all."
            told.append(f"{name} is no setting, and changes nothing. {meant}")
    return told


def without_secrets(text: str) -> str:
    """Return a value that may be shown: an address without the name and password in it.

    >>> without_secrets("http://reader:secret@store.example/query")
    'http://…@store.example/query'
    """
    return re.sub(r"//[^/]*@", "//…@", text)


def variable(name: str) -> str:
    """Return the environment variable of a setting.

    >>> variable("port")
    'MIGOV_PORT'
    """
    return _PREFIX + name.upper()


def option(name: str) -> str:
    """Return the option of a setting on the command line.

    >>> option("port")
    '--port'
    """
    return f"--{name.replace('_', '-')}"


def shown_default(setting: Field[Any]) -> str:
    """Return the default of a setting as it would be written, or nothing where there is none.

    Folders are left out: they are another on each machine. So are empty lists.
    """
    default = setting.default
    return "" if default is None or isinstance(default, Path | tuple) else str(default)


def table() -> str:
    """Return the page that documents every setting, in Markdown."""
    lines = [
        "# Settings",
        "",
        "Each setting is an option of `migov serve` or an environment variable; the option goes "
        "before the variable. An empty variable is none at all. The commands that build or ask the "
        "graph read the same variables, as far as they concern them.",
        "",
        "| setting | option | variable | default | meaning |",
        "|---|---|---|---|---|",
    ]
    for setting in fields(Settings):
        shown = shown_default(setting)
        cells = (
            setting.name,
            f"`{option(setting.name)}`",
            f"`{variable(setting.name)}`",
            f"`{shown}`" if shown else setting.metadata["unset"],
            setting.metadata["help"],
        )
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    lines += [
        "",
        "This page is written from `server/migov/settings.py` by `make fix`; a test holds the two "
        "together.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(table(), encoding="utf-8")
