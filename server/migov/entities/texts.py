"""What records say of things in a paragraph, for many things at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyoxigraph import Literal

from migov.engine import Engine, select
from migov.entities.labels import Label
from migov.entities.sparql import values
from migov.vocabulary import NS, STANDARD_PREFIXES


def abstracts(engine: Engine, iris: Iterable[str], languages: Sequence[str]) -> dict[str, Label]:
    """Return for each thing that has one the summary of a record, in the first language it is in.

    A record has its own; a thing has that of the first record that describes it.
    """
    wanted = sorted(set(iris))
    if not wanted:
        return {}
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> PREFIX dcterms: <{STANDARD_PREFIXES["dcterms"]}>
        SELECT ?s ?record ?text WHERE {{
          {values("s", wanted)}
          {{ ?record mg:describes ?s ; dcterms:abstract ?text }}
          UNION {{ ?s dcterms:abstract ?text BIND(?s AS ?record) }}
        }} ORDER BY ?s ?record ?text LIMIT {20 * len(wanted)}""",
    )
    found: dict[str, tuple[int, Label]] = {}
    for row in rows:
        text, iri = row["text"], row["s"].value
        tag = text.language if isinstance(text, Literal) else None
        if tag in languages:
            rank = languages.index(tag)
            if iri not in found or rank < found[iri][0]:
                found[iri] = rank, Label(text.value, tag)
    return {iri: label for iri, (_, label) in found.items()}
