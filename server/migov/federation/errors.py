"""What can go wrong at another endpoint, told apart from what goes wrong here."""

from __future__ import annotations

from migov.errors import MigovError


class EndpointError(MigovError):
    """Another endpoint that the query asks gave no answer that can be used."""


class EndpointDeadlineError(EndpointError):
    """Another endpoint that the query asks did not answer in the time it has."""
