"""Lists that narrow by facets: which things fit what was chosen, and how many would fit one more.

Every count comes from the store: one query counts all facets of a list, each for the first values
that most things have. What was chosen enters the queries as terms, serialised by pyoxigraph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from pyoxigraph import Literal as Text

from migov.engine import Engine, select
from migov.entities.classes import with_subclasses
from migov.entities.listing import Chosen, Facet, Listing, Order
from migov.entities.sparql import node, values
from migov.vocabulary import NS, STANDARD_PREFIXES

PREFIXES: Final = f"PREFIX mg: <{NS}>\n" + "".join(
    f"PREFIX {prefix}: <{STANDARD_PREFIXES[prefix]}>\n" for prefix in ("dcterms", "rdfs", "skos")
)
UNSTATED: Final = "none"
"""What stands in an address for: no record states a value."""
MOST_VALUES: Final = 60
"""Values that are counted for one facet: those that most things have."""
_LETTERS: Final = {
    "a": "àáâãäåā",
    "c": "çćč",
    "e": "èéêëēėę",
    "i": "ìíîïīı",
    "n": "ñńň",
    "o": "òóôõöøō",
    "s": "śšş",
    "u": "ùúûüū",
    "y": "ýÿ",
    "z": "źžż",
    "oe": "œ",
    "ae": "æ",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A value of a facet, None where none is stated, and how many things would be left with it."""

    value: str | None
    number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many things fit, and the values of each facet among them."""

    total: int
    facets: Mapping[str, list[Counted]]


def counts_of(
    engine: Engine,
    listing: Listing,
    chosen: Chosen,
    facets: Sequence[Facet] | None = None,
    *,
    within: float | None = None,
) -> Counts:
    """Return how many things fit and how each facet, or each of some, would narrow them.

    Raises ParameterError, and LimitError where it takes more than `within` seconds.
    """
    facets = listing.facets if facets is None else facets
    fits = _fits(engine, listing, chosen)
    branches = [f'SELECT ("" AS ?facet) (COUNT(DISTINCT ?s) AS ?number) WHERE {{ {fits} }}']
    for facet in facets:
        # Two joins, since an OPTIONAL would be worked out for the whole graph.
        has = f"{fits} {_counted(listing, facet, chosen)}"
        branches += [
            f"""SELECT ("{facet.name}" AS ?facet) ?value (COUNT(DISTINCT ?s) AS ?number) WHERE {{
              {has}
            }} GROUP BY ?value ORDER BY DESC(?number) LIMIT {MOST_VALUES + 1}""",
            f'SELECT ("{facet.name}" AS ?facet) (COUNT(DISTINCT ?s) AS ?number) WHERE {{ {has} }}',
        ]
    union = " UNION ".join(f"{{ {branch} }}" for branch in branches)
    text = f"{PREFIXES} SELECT ?facet ?value ?number WHERE {{ {union} }}"
    rows = select(engine, text, within=within)
    numbers = {row["facet"].value: int(row["number"].value) for row in rows if "value" not in row}
    found: dict[str, list[Counted]] = {facet.name: [] for facet in facets}
    for row in rows:
        if "value" in row:
            counted = Counted(row["value"].value, int(row["number"].value))
            found[row["facet"].value].append(counted)
    total = numbers[""]
    for facet in facets:
        if unstated := total - numbers[facet.name]:
            found[facet.name].append(Counted(None, unstated))
    return Counts(total, found)


def things_of(
    engine: Engine,
    listing: Listing,
    chosen: Chosen,
    order: Order | None,
    languages: Sequence[str],
    *,
    limit: int,
    offset: int = 0,
    within: float | None = None,
) -> list[str]:
    """Return a part of the things that fit, in order, or as the store finds them without one.

    Raises ParameterError, and LimitError where it takes more than `within` seconds.
    """
    if order is None:
        text = f"{PREFIXES} SELECT DISTINCT ?s WHERE {{ {_fits(engine, listing, chosen)} }}"
    else:
        text = list_query(engine, listing, chosen, order, languages)
    rows = select(engine, f"{text}\nLIMIT {limit} OFFSET {offset}", within=within)
    return [row["s"].value for row in rows]


def list_query(
    engine: Engine,
    listing: Listing,
    chosen: Chosen,
    order: Order,
    languages: Sequence[str],
) -> str:
    """Return the query for all things that fit, in order."""
    named = [
        f"OPTIONAL {{ ?s skos:prefLabel ?name{place} FILTER(LANG(?name{place}) = {Text(tag)}) }}"
        for place, tag in enumerate(languages)
    ]
    names = ", ".join(f"?name{place}" for place in range(len(languages)))
    rank, ranked = "", ""
    if order.by != "name":
        ranked = f"OPTIONAL {{ {order.pattern} }}"
        rank = (
            "(MAX(?other) AS ?rank)" if order.by == "last" else "(COUNT(DISTINCT ?other) AS ?rank)"
        )
    return f"""{PREFIXES}
SELECT ?s (MIN(?letters) AS ?name) {rank} WHERE {{
  {_fits(engine, listing, chosen)}
  {" ".join(named)}
  {ranked}
  {_folded(f"LCASE(COALESCE({names}, STR(?s)))", "?letters")}
}} GROUP BY ?s ORDER BY {"DESC(?rank)" if rank else ""} ?name ?s"""


def changed_lately(
    engine: Engine, listing: Listing, chosen: Chosen, graphs: Mapping[str, int], *, limit: int
) -> list[tuple[str, int]]:
    """Return the things that fit and stand in some graphs, each with the highest number of these.

    `graphs` maps named graphs to when they changed (seconds since 1970).
    """
    pairs = " ".join(f"({node(graph)} {when})" for graph, when in graphs.items())
    rows = select(
        engine,
        f"""{PREFIXES} SELECT ?s (MAX(?when) AS ?changed) WHERE {{
          {{ SELECT DISTINCT ?s WHERE {{ {_fits(engine, listing, chosen)} }} }}
          VALUES (?g ?when) {{ {pairs} }}
          GRAPH ?g {{ ?s ?any ?thing }}
        }} GROUP BY ?s ORDER BY DESC(?changed) ?s LIMIT {limit}""",
    )
    return [(row["s"].value, int(row["changed"].value)) for row in rows]


def _fits(engine: Engine, listing: Listing, chosen: Chosen) -> str:
    """Return the pattern of the things of a list that have every chosen value."""
    classes = with_subclasses(engine, [listing.of])[listing.of]
    return " ".join([values("class", classes), "?s a ?class .", *_conditions(listing, chosen)])


def _conditions(listing: Listing, chosen: Chosen) -> Iterator[str]:
    place = 0
    for facet in listing.facets:
        given = chosen.get(facet.name, ())
        if UNSTATED in given:
            whole = Facet(facet.name, f"{facet.via}/{facet.path}" if facet.via else facet.path)
            pattern = f"?s {whole.path} ?value . {facet.of}"
            yield f"FILTER NOT EXISTS {{ {pattern} }}"
        if facet.bounds:
            yield facet.within("?s", chosen)
        if not facet.via:
            for value in (value for value in given if value != UNSTATED):
                place += 1
                yield facet.condition("?s", value, place)
    for via in dict.fromkeys(facet.via for facet in listing.facets if facet.via):
        yield from _together(listing, chosen, via, "")


def _together(
    listing: Listing, chosen: Chosen, via: str, besides: str, ending: str = ""
) -> Iterator[str]:
    """Yield a pattern for each combination of what was chosen in facets that share a `via`.

    The facet named `besides` is left out; `ending` is what is asked of the same node instead.
    """
    groups = [
        [(facet, value) for value in chosen.get(facet.name, ()) if value != UNSTATED]
        for facet in listing.facets
        if facet.via == via and facet.name != besides
    ]
    kept = [group for group in groups if group]
    for place, combination in enumerate(product(*kept)):
        if not combination and not ending:
            return
        shared = f"?shared{besides}{place}"
        parts = [facet.condition(shared, value, place) for facet, value in combination]
        yield " ".join([f"?s {via} {shared} .", *parts, ending.replace("?shared", shared)])


def _counted(listing: Listing, facet: Facet, chosen: Chosen) -> str:
    """Return the pattern that binds the values of a facet, as far as they go with the others."""
    if not facet.via:
        return facet.any_value("?s")
    ending = facet.any_value("?shared")
    return " ".join(_together(listing, chosen, facet.via, facet.name, ending))


def _folded(expression: str, variable: str) -> str:
    """Return the pattern that binds a variable to a text as it is sorted: accents do not count.

    One step a letter, since the time to plan nested calls doubles with each of them.
    """
    steps = [f"BIND({expression} AS ?plain)"]
    before = "?plain"
    for place, (plain, letters) in enumerate(_LETTERS.items(), 1):
        after = f"?plain{place}" if place < len(_LETTERS) else variable
        steps.append(f'BIND(REPLACE({before}, "[{letters}]", "{plain}") AS {after})')
        before = after
    return " ".join(steps)
