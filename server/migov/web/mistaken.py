"""Values in the address of a list that nothing here has, and what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migov.engine import ask
from migov.entities.facets import UNSTATED
from migov.entities.labels import Label
from migov.entities.listing import Facet
from migov.entities.sparql import node
from migov.entities.terms import suggestions
from migov.vocabulary import compact
from migov.web.asked import Asked
from migov.web.links import Names
from migov.web.responses import names_of
from migov.web.site import state


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A value that names nothing: `meant` are labels of what may have been, with the address of
    the list that has it in the place of the value."""

    facet: str
    given: str
    meant: tuple[tuple[Label, str], ...]


def mistaken(asked: Asked, names: Names) -> list[Mistaken]:
    """Return the chosen values of which the graph says nothing; `names` has labels of the others.

    An empty list is an answer where the value is known, and a misunderstanding where it is not.
    """
    found = []
    for facet, given in _things(asked):
        iri = facet.iri(given)
        if names.label(iri).text == compact(iri) and not ask(
            state().house, f"ASK {{ {node(iri)} ?property ?value }}"
        ):
            found.append(Mistaken(facet.name, given, tuple(_meant(asked, facet, given, iri))))
    return found


def _things(asked: Asked) -> Iterable[tuple[Facet, str]]:
    for facet in asked.listing.facets:
        if facet.kind == "thing":
            for given in asked.chosen.get(facet.name, ()):
                if given != UNSTATED:
                    yield facet, given


def _meant(asked: Asked, facet: Facet, given: str, iri: str) -> Iterable[tuple[Label, str]]:
    near = suggestions(state().house, iri)
    labels = names_of(near)
    others = [each for each in asked.chosen[facet.name] if each != given]
    for each in near:
        address = asked.address({**asked.chosen, facet.name: [*others, facet.short(each)]})
        yield labels.label(each), address
