"""A proposed text → a change, with what a SPARQL Update needs to run on."""

from __future__ import annotations

from typing import Final

from migov.change.model import Change
from migov.change.read.formats import read_change
from migov.change.read.rdf import drop_change
from migov.dataset import digest
from migov.engine import Limits
from migov.verdict.standing import Standing
from migov.verdict.stored import ForkedUpdates

DROP: Final = "drop"
"""The kind of a proposal that removes the graph it is meant for."""


def read_text(
    standing: Standing,
    content: bytes,
    kind: str,
    *,
    target: str | None,
    replace: bool,
    name: str,
    limits: Limits,
) -> Change:
    """Return the change that a text proposes to a state; raises RequestError or LimitError.

    An update runs in a fork of this process.
    """
    before = standing.files
    if kind == DROP:
        return drop_change(before, target or "", name=name)
    if kind != "update":
        return read_change(before, content, kind, target=target, replace=replace, name=name)
    engine = ForkedUpdates(standing.store, digest(before.values()), limits)
    return read_change(before, content, kind, engine=engine, name=name)
