"""Who asks a store: a name and a password, from the environment or from netrc, never from a URL."""

from __future__ import annotations

import netrc
import os
from collections.abc import Generator, Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx

from migov.errors import EnvironmentProblem

PASSWORD: Final = "MIGOV_PASSWORD"


class OfferedAuth(httpx.Auth):
    """Basic or digest, whichever the store asks for; nothing is sent before it asks."""

    def __init__(self, user: str, password: str) -> None:
        self._basic = httpx.BasicAuth(user, password)
        self._digest = httpx.DigestAuth(user, password)
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._chosen is not None:
            yield from self._chosen.auth_flow(request)
            return
        response = yield request
        offered = response.headers.get("WWW-Authenticate", "").lower()
        if response.status_code != httpx.codes.UNAUTHORIZED or not offered:
            return
        self._chosen = self._digest if "digest" in offered else self._basic
        flow = self._chosen.auth_flow(request)
        again = next(flow)
        if self._chosen is self._digest:
            again = flow.send(response)  # it wants the challenge, which is here already
        yield again


def credentials_for(
    url: str, user: str | None, environment: Mapping[str, str] | None = None
) -> OfferedAuth | None:
    """Return what authenticates at a store, or None where nobody is named.

    The password of `user` is in MIGOV_PASSWORD; without it both come from netrc. Raises
    EnvironmentProblem where a user has no password, or netrc cannot be read.
    """
    environment = os.environ if environment is None else environment
    password = environment.get(PASSWORD)
    if user and password is not None:
        return OfferedAuth(user, password)
    found = _from_netrc(urlsplit(url).hostname or "", environment)
    if found is not None and user in (None, "", found[0]):
        return OfferedAuth(*found)
    if user:
        raise EnvironmentProblem(
            f"There is no password for the user {user} of the store.",
            hint=f"Put it into the variable {PASSWORD}, or name and password into ~/.netrc.",
        )
    return None


def _from_netrc(host: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    path = environment.get("NETRC") or os.path.expanduser("~/.netrc")  # noqa: PTH111 (no such user)
    try:
        entry = netrc.netrc(path).hosts.get(host)
    except FileNotFoundError:
        return None
    except (OSError, netrc.NetrcParseError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "msg", None) or error
        raise EnvironmentProblem(
            f"The file {path} cannot be read: {reason}.", hint="Mend it, or name no user there."
        ) from error
    return None if entry is None or not entry[0] or entry[2] is None else (entry[0], entry[2])
