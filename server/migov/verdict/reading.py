"""A proposed text → a change, with what a SPARQL Update needs to run on."""

from __future__ import annotations

from typing import Final

from migov.change.model import Change, Files
from migov.change.read.formats import read_change
from migov.change.read.rdf import drop_change
from migov.engine import Limits, LocalEngine
from migov.settings import Settings
from migov.snapshot import snapshot_of

DROP: Final = "drop"
"""The kind of a proposal that removes the graph it is meant for."""


def read_text(
    before: Files,
    content: bytes,
    kind: str,
    *,
    target: str | None,
    replace: bool,
    name: str,
    settings: Settings,
) -> Change:
    """Return the change that a text proposes; raises RequestError or LimitError."""
    if kind == DROP:
        return drop_change(before, target or "", name=name)
    if kind != "update":
        return read_change(before, content, kind, target=target, replace=replace, name=name)
    snapshot = snapshot_of(list(before.values()), settings.cache)
    engine = LocalEngine(snapshot, Limits.from_settings(settings))
    try:
        return read_change(before, content, kind, engine=engine, name=name)
    finally:
        engine.close()
