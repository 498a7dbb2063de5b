"""What of ours a description may be of already: told while somebody still writes it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from migov.linking.ours import Ours
from migov.linking.score import Candidate, candidates
from migov.targets.portrait import Portrait
from migov.vocabulary import NS

LEAST: Final = 50.0
"""Points from which somebody should look; a decision to link asks for more (`linking.score`)."""
_BESIDE: Final = {NS + "Initiative": (NS + "ExternalInstrument",)}
"""Classes that one thing is filed under by some and elsewhere by others."""


def alike(
    ours: Ours, asked: Portrait, class_: str, besides: Collection[str] = (), most: int = 5
) -> list[Candidate]:
    """Return the instances of a class that a portrait may be of, best first, at most `most`.

    `besides` are IRIs of ours that are known to be meant, or not to be.
    """
    wanted = {class_, *_BESIDE.get(class_, ())}
    found = candidates(
        asked,
        ours.index,
        most,
        lambda each: not wanted.isdisjoint(each.types) and each.iri not in besides,
    )
    return [each for each in found if each.score >= LEAST]
