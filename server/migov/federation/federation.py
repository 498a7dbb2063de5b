"""The endpoints that a query may ask, and asking one of them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migov.confined import Confined
from migov.endpoints import Endpoint
from migov.errors import BusyError, LimitError, RefusedError
from migov.federation.ask import ask
from migov.federation.errors import EndpointError
from migov.settings import Settings
from migov.vocabulary import BASE

AT_ONCE: Final = 4
"""Questions to other endpoints that may be open at the same time, whoever asks."""

_GENID: Final = f"{BASE}.well-known/genid/"


@dataclass(frozen=True, slots=True)
class Rows:
    """The solutions of a group: rows of inline data, and how many they are."""

    text: str
    count: int


class Federation:
    """Asks the endpoints of the settings and no other; safe for use by many threads."""

    def __init__(self, settings: Settings) -> None:
        self._endpoints = {endpoint.iri: endpoint for endpoint in settings.federation}
        self._deadline = settings.federation_deadline
        self._answer = settings.federation_answer
        self._reading = settings.deadline
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._results = Confined(
            "Reading the answer of another endpoint",
            "migov.federation.results",
            megabytes=settings.memory,
        )

    def endpoint(self, iri: str) -> Endpoint:
        """Return an endpoint that may be asked; raises RefusedError naming the setting."""
        found = self._endpoints.get(iri)
        if found is None:
            raise RefusedError(
                f"SERVICE <{iri}> is not allowed: this server does not ask that endpoint.",
                hint="The operator can list it in the setting federation (MIGOV_FEDERATION).",
            )
        return found

    def lists(self, iri: str) -> bool:
        """Return whether an endpoint may be asked."""
        return iri in self._endpoints

    def solutions(self, iri: str, query: str, variables: Sequence[str]) -> Rows:
        """Return the solutions of a query at an endpoint, as rows for `variables`.

        Raises RefusedError, EndpointError, or BusyError when too many questions are open.
        """
        endpoint = self.endpoint(iri)
        seconds = endpoint.deadline or self._deadline
        if not self._free.acquire(timeout=seconds):
            raise BusyError(
                "Too many queries ask other endpoints just now.", hint="Try again in a few seconds."
            )
        try:
            received = ask(
                endpoint, query, seconds=seconds, megabytes=endpoint.answer or self._answer
            )
        finally:
            self._free.release()
        request = {
            "format": received.format,
            "variables": list(variables),
            "genid": f"{_GENID}{uuid.uuid4()}/",
        }
        try:
            frame, text = self._results.ask(
                request, received.body, time.monotonic() + self._reading
            )
        except BusyError:
            raise
        except LimitError as error:
            raise _unreadable(endpoint, "reading it took too much time or memory") from error
        if "error" in frame:
            raise _unreadable(endpoint, frame["error"])
        return Rows(text.decode(), frame["count"])

    def close(self) -> None:
        self._results.close()


def _unreadable(endpoint: Endpoint, reason: str) -> EndpointError:
    return EndpointError(
        f"The answer of the endpoint <{endpoint.iri}> cannot be used: {reason}.",
        hint="Select only what the join needs, and no triple terms.",
    )
