"""Asks other SPARQL endpoints what a SERVICE group asks, those that the settings list."""

from migov.federation.errors import EndpointDeadlineError, EndpointError
from migov.federation.federation import Federation, Rows

__all__ = ["EndpointDeadlineError", "EndpointError", "Federation", "Rows"]
