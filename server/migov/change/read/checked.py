"""Files that came from outside, looked at before any parser meets them."""

from __future__ import annotations

from migov.change.model import Files
from migov.change.read.proposal import read_proposal, refuse_triple_terms
from migov.dataset import is_turtle


def checked(after: Files, before: Files) -> Files:
    """Return the files; raises RequestError for a changed one that is no text of RDF 1.1."""
    for path, file in after.items():
        if before.get(path) != file and is_turtle(path):
            refuse_triple_terms(read_proposal(path, file.content))
    return after
