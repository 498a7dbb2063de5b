"""An engine over a SPARQL 1.1 store elsewhere, and what that store says was published to it."""

from migov.engine.remote.asking import Dataset, RemoteStore, version_of
from migov.engine.remote.counts import counted
from migov.engine.remote.credentials import credentials_for
from migov.engine.remote.engine import RemoteEngine
from migov.engine.remote.published import PublishedElsewhere
from migov.engine.remote.state import Held, StoreState, content_digest, read_state

__all__ = [
    "Dataset",
    "Held",
    "PublishedElsewhere",
    "RemoteEngine",
    "RemoteStore",
    "StoreState",
    "content_digest",
    "counted",
    "credentials_for",
    "read_state",
    "version_of",
]
