"""Who may write over HTTP: bearer tokens (RFC 6750), of which only digests are kept.

A token has 256 random bits, so one round of SHA-256 is enough to keep it: nobody can try them all,
and what makes password hashes slow would only make each request slow. Digests are compared in
constant time.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from migov.errors import EnvironmentProblem, ParameterError, RequestError
from migov.repository import FOLDERS

log = logging.getLogger(__name__)

Scope = Literal["propose", "merge"]
SCOPES: Final[tuple[Scope, ...]] = ("propose", "merge")
"""`propose` gets verdicts on writes, `merge` has those that conform written; it can propose too."""

_PREFIX: Final = "migov_"
"""Lets scanners of secrets recognise a token that somebody published by mistake."""
_BYTES: Final = 32
_FORMAT: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AUTHOR: Final = re.compile(r"[^<>]*[^<>\s][^<>]* <[^<>\s]+@[^<>\s]+>")
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class UnauthorizedError(RequestError):
    """No token was given, or one that is not known or has expired."""

    def __init__(self, message: str, *, given: bool, hint: str | None = None) -> None:
        """`given` tells a wrong token from none at all."""
        super().__init__(message, hint=hint)
        self.given = given


def no_token() -> UnauthorizedError:
    """Return the error for a write that brings no token."""
    return UnauthorizedError(
        "Writing needs a token.",
        given=False,
        hint="Send it as “Authorization: Bearer …”; the operator makes one with “migov token new”.",
    )


class ScopeError(RequestError):
    """The token is good, and does not reach as far as this request."""

    def __init__(self, message: str, *, scope: Scope, hint: str | None = None) -> None:
        """`scope` is what it lacks."""
        super().__init__(message, hint=hint)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: never itself, but its SHA-256 in hex.

    `author` signs its commits, as `Name <mail>`. `created` is an instant and `expires` the last
    day on which it is good, both in UTC and ISO 8601; None is for ever.
    """

    name: str
    digest: str
    scopes: tuple[Scope, ...]
    author: str
    created: str
    expires: str | None = None

    def is_good(self, day: datetime.date) -> bool:
        """Return whether it has not expired on a day."""
        return self.expires is None or day <= datetime.date.fromisoformat(self.expires)

    def require(self, scope: Scope) -> None:
        """Raise ScopeError unless the token reaches this far.

        >>> Token("ci", "", ("merge",), "A <a@example.org>", "").require("propose")
        """
        if scope not in self.scopes and "merge" not in self.scopes:
            raise ScopeError(
                f"The token “{self.name}” does not have the scope {scope}.",
                scope=scope,
                hint=f"Its scopes: {', '.join(self.scopes)}. The operator can make another.",
            )


class Tokens:
    """The tokens of one file, read anew when the file changes; safe for use by many threads."""

    def __init__(self, path: Path, today: Callable[[], datetime.date] | None = None) -> None:
        """Read the file; raises EnvironmentProblem where it is not there or not safe."""
        self._path = path
        self._today = today or (lambda: datetime.datetime.now(datetime.UTC).date())
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._tokens: tuple[Token, ...] = ()
        self._current()

    def bearer(self, credentials: str | None) -> Token:
        """Return the token that an Authorization header brings.

        Raises UnauthorizedError, or EnvironmentProblem where the file went bad.
        """
        if credentials is None:
            raise no_token()
        found = _BEARER.fullmatch(credentials.strip())
        digest = digest_of(found[1]) if found else ""
        match: Token | None = None
        for token in self._known():  # all of them, so that time does not tell which
            if hmac.compare_digest(token.digest, digest):
                match = token
        if match is None or not match.is_good(self._today()):
            if "," in credentials:
                raise UnauthorizedError(
                    "There is more than one Authorization header.", given=True, hint="Send one."
                )
            what = "is not known here" if match is None else f"expired after {match.expires}"
            raise UnauthorizedError(
                f"This token {what}." if found else "This is not a bearer token.",
                given=True,
                hint="Send “Authorization: Bearer …” with a token of this server that is not "
                "revoked.",
            )
        return match

    def _known(self) -> tuple[Token, ...]:
        try:
            return self._current()
        except EnvironmentProblem as error:  # it names a folder of this machine
            log.error("nobody can write: %s %s", error.message, error.hint)
            raise EnvironmentProblem(
                "This server cannot read its tokens at the moment.", hint="Its log says why."
            ) from error

    def _current(self) -> tuple[Token, ...]:
        with self._lock:
            seen = _signature(self._path)
            if seen != self._seen:
                self._seen, self._tokens = None, ()
                self._tokens = read_tokens(self._path)
                self._seen = seen
            return self._tokens


def digest_of(secret: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Return the tokens of a file; raises EnvironmentProblem where it is absent, open or broken."""
    try:
        with path.open("rb") as file:
            problem = unsafe(os.fstat(file.fileno()))
            if problem is not None:
                raise EnvironmentProblem(
                    f"The file of tokens {path} {problem}.",
                    hint=f"Let its owner alone change it, and no stranger read it: chmod 600 {path}"
                    " – and make new tokens if somebody may have changed it.",
                )
            document = json.load(file)
    except OSError as error:
        raise EnvironmentProblem(
            f"The file of tokens {path} cannot be read: {error.strerror}.",
            hint="Make it with “migov token new”, or leave the setting tokens out to serve "
            "readers alone.",
        ) from error
    except ValueError as error:
        raise _broken(path) from error
    return _parsed(path, document)


def unsafe(status: os.stat_result) -> str | None:
    """Return what is wrong with the owner or the permissions of the file, or None."""
    if not stat.S_ISREG(status.st_mode):
        return "is not a plain file"
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "may be changed by others than its owner"
    if status.st_mode & stat.S_IROTH:
        return "may be read by everybody on this machine"
    return None


def new_token(
    path: Path,
    name: str,
    scopes: Iterable[Scope],
    author: str,
    expires: datetime.date | None = None,
) -> str:
    """Add a token to a file, which need not be there yet, and return it: it is kept nowhere.

    Raises ParameterError for values that do not fit, or EnvironmentProblem.
    """
    if _NAME.fullmatch(name) is None:
        raise ParameterError(
            f"{name!r} is no name for a token.",
            hint="Use up to 64 letters, digits, dots, hyphens and underscores.",
        )
    if _AUTHOR.fullmatch(author) is None or not author.isprintable():
        raise ParameterError(
            f"{author!r} is not an author as git names one.", hint="Write: Name <mail@example.org>."
        )
    chosen = tuple(scope for scope in SCOPES if scope in set(scopes))
    secret = _PREFIX + secrets.token_urlsafe(_BYTES)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    until = None if expires is None else expires.isoformat()
    with _changing(path) as tokens:
        if any(token.name == name for token in tokens):
            raise ParameterError(
                f"There is a token “{name}” already.",
                hint="Choose another name, or revoke that one first.",
            )
        tokens.append(Token(name, digest_of(secret), chosen, author, now, until))
    return secret


def revoke_token(path: Path, name: str) -> None:
    """Remove a token from a file; raises ParameterError where it has none of that name."""
    with _changing(path) as tokens:
        kept = [token for token in tokens if token.name != name]
        if len(kept) == len(tokens):
            names = ", ".join(token.name for token in tokens) or "none"
            raise ParameterError(f"There is no token “{name}”.", hint=f"There are: {names}.")
        tokens[:] = kept


@contextmanager
def _changing(path: Path) -> Iterator[list[Token]]:
    """Give the tokens of a file to change, and put what they became in its place whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # two commands at once would lose one's change
            tokens = list(read_tokens(path)) if path.exists() else []
            yield tokens
            _write(path, tokens)
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise EnvironmentProblem(
            f"The file of tokens {path} cannot be written: {error.strerror}.",
            hint="Name one in a folder of yours with --tokens or MIGOV_TOKENS.",
        ) from error


def _write(path: Path, tokens: Iterable[Token]) -> None:
    document = {"format": _FORMAT, "tokens": [asdict(token) for token in tokens]}
    waiting = path.with_name(f".{path.name}.new")
    waiting.unlink(missing_ok=True)
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def _parsed(path: Path, document: object) -> tuple[Token, ...]:
    try:
        if not isinstance(document, dict) or document["format"] != _FORMAT:
            raise _broken(path)
        tokens = tuple(
            Token(**{**item, "scopes": tuple(item["scopes"])}) for item in document["tokens"]
        )
        names = {token.name for token in tokens if _is_whole(token)}
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path) from error
    if len(names) != len(tokens):
        raise _broken(path)
    return tokens


def _is_whole(token: Token) -> bool:
    """Return whether every member is what `new_token` writes; raises TypeError or ValueError."""
    datetime.datetime.fromisoformat(token.created)
    if token.expires is not None:
        datetime.date.fromisoformat(token.expires)
    return (
        _NAME.fullmatch(token.name) is not None
        and _DIGEST.fullmatch(token.digest) is not None
        and _AUTHOR.fullmatch(token.author) is not None
        and token.author.isprintable()
        and bool(token.scopes)
        and set(token.scopes) <= set(SCOPES)
    )


def _broken(path: Path) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"The file of tokens {path} is damaged, or was edited by hand.",
        hint="Restore it from a backup, or remove it and make new tokens with “migov token new”.",
    )


def refuse_inside(path: Path, root: Path) -> None:
    """Raise EnvironmentProblem for a file of tokens in one of the folders that are published."""
    for folder in FOLDERS:
        if path.resolve().is_relative_to(root.resolve() / folder):
            raise EnvironmentProblem(
                f"{path} stands among the content, which is published.",
                hint="Name a file outside the checkout.",
            )


def _signature(path: Path) -> tuple[int, ...] | None:
    """Return what changes when a file does, its permissions among it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (
        status.st_dev,
        status.st_ino,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
        status.st_mode,
        status.st_uid,
    )
