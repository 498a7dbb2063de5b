"""Every canned query runs on the data of this checkout, and its answer is checked.

`queries/<slug>.yaml` beside this file holds the rows for the query's own example, and a change
to the data with the rows that it adds and takes away.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml

from migov.catalogue import CannedQuery, load_catalogue
from migov.dataset import content_files, holds_graph, in_graph, read_quads
from migov.inference import derive, read_rules
from migov.repository import find_repository
from migov.sparql.beside import variables
from migov.sparql.services import find_services, inline_data
from migov.vocabulary import CONCEPT, GRAPH, INFERRED_GRAPH, PREFIXES, compact

Row = list[str | None]

ROOT = Path(__file__).resolve().parents[1]
EXPECTED = Path(__file__).parent / "queries"
INFERRED = ox.NamedNode(INFERRED_GRAPH)
CATALOGUE = load_catalogue(ROOT / "queries")
SLUGS = list(CATALOGUE)
SELECTS = [slug for slug in SLUGS if CATALOGUE[slug].form == "SELECT"]
WITH_INFERENCE = [slug for slug in SLUGS if CATALOGUE[slug].inferred]

DIFFERENT_IN_RDFLIB: Mapping[str, str] = {}
"""Queries that rdflib is known to answer otherwise, each with the reason."""


@cache
def files() -> list[Any]:
    return content_files(find_repository(ROOT))


@cache
def asserted() -> list[ox.Quad]:
    return [quad for file in files() if holds_graph(file.path) for quad in read_quads(file)]


def store_of(quads: Sequence[ox.Quad], *, inferred: bool = False) -> ox.Store:
    """Return a store with the named graphs, their union as default graph, and what follows."""
    store = ox.Store()
    store.bulk_extend(quads)
    store.bulk_extend(in_graph(quad.triple) for quad in quads)
    if inferred:
        what_follows = derive(list(quads), read_rules(files()))
        store.bulk_extend(in_graph(triple, INFERRED) for triple in what_follows)
    return store


@cache
def plain() -> ox.Store:
    return store_of(asserted())


@cache
def with_inference() -> ox.Store:
    return store_of(asserted(), inferred=True)


class StoreLookup:
    """What binding asks of the graph, answered by the store of the data."""

    def is_instance(self, iri: str, class_or_scheme: str) -> bool:
        subclass = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
        in_scheme = "<http://www.w3.org/2004/02/skos/core#inScheme>"
        answer = plain().query(f"ASK {{ <{iri}> (a/{subclass}*)|{in_scheme} <{class_or_scheme}> }}")
        return bool(answer)

    def named(self, text: str, class_or_scheme: str) -> list[str]:
        return []

    def suggest(self, text: str, class_or_scheme: str) -> Mapping[str, str]:
        return {}


def cell(term: Any) -> str | None:
    """Return a term as the expectations write it, whichever engine it comes from."""
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return f"<{compact(term.value)}>"
    if isinstance(term, rdflib.URIRef):
        return f"<{compact(str(term))}>"
    assert isinstance(term, ox.Literal | rdflib.Literal), "a blank node is no answer"
    if isinstance(term, ox.Literal):
        value, datatype = term.value, term.datatype.value
    else:
        value, datatype = str(term), str(term.datatype)
    if datatype.endswith("#decimal"):  # 300000.00 and 300000 are one value
        value = format(Decimal(value).normalize(), "f")
    return f"{value}@{term.language}" if term.language else value


def rows_of(store: ox.Store, text: str, *, inferred: bool = False) -> list[Row]:
    """Return the rows of a query in order; triples of a graph are sorted."""
    graphs: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [ox.DefaultGraph(), INFERRED]
    answer = store.query(text, default_graph=graphs if inferred else None)
    if isinstance(answer, ox.QuerySolutions):
        return [[cell(term) for term in solution] for solution in answer]
    if isinstance(answer, ox.QueryBoolean):
        return [["true" if answer else "false"]]
    return sorted([cell(term) for term in triple] for triple in answer)


def bound(slug: str, values: Mapping[str, str] | None = None) -> str:
    query = CATALOGUE[slug]
    return offline(query.bind(query.example if values is None else values, StoreLookup()))


def offline(text: str) -> str:
    """Return a query as it is evaluated where no endpoint answers: each SERVICE SILENT fails.

    Engines would ask the endpoints themselves; test_enrichment.py has one that answers.
    """
    found = find_services(text)
    if found is None:
        return text
    assert all(group.silent for group in found.groups)
    return found.replaced(
        {
            group.start: inline_data(names, f"({' '.join('UNDEF' for _ in names)})")
            for group in found.groups
            for names in [sorted(variables(group.tokens))]
        }
    )


def expectation(slug: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((EXPECTED / f"{slug}.yaml").read_text("utf-8"))
    names = {placeholder: label for label, placeholder in placeholders().items()}
    for part in (loaded, loaded.get("change", {})):
        for key in ("rows", "defaults", "with_inferred", "gained", "lost"):
            if key in part:
                part[key] = [[names.get(value, value) for value in row] for row in part[key]]
    return loaded


@cache
def placeholders() -> dict[str, str]:
    """Return what the files write for the name of a person: `{person:1}@en`, never the name."""
    people = f"{GRAPH}data/people/"
    return {
        f"{quad.object.value}@{quad.object.language}": (
            f"{{{compact(quad.subject.value)}}}@{quad.object.language}"
        )
        for quad in asserted()
        if isinstance(quad.object, ox.Literal)
        and isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.graph_name, ox.NamedNode)
        and quad.graph_name.value.startswith(people)
        and quad.predicate.value == PREFIXES["skos"] + "prefLabel"
        and quad.subject.value.startswith(PREFIXES["person"])
    }


def needs_inference(slug: str) -> bool:
    return CATALOGUE[slug].inferred == "needed"


def answer(slug: str, values: Mapping[str, str] | None = None) -> list[Row]:
    needed = needs_inference(slug)
    store = with_inference() if needed else plain()
    return rows_of(store, bound(slug, values), inferred=needed)


def test_there_are_at_least_35_queries_and_each_has_an_expectation() -> None:
    assert len(CATALOGUE) >= 35
    assert {path.stem for path in EXPECTED.glob("*.yaml")} == set(CATALOGUE)


@pytest.mark.parametrize("slug", SLUGS)
def test_header_is_written_in_both_languages(slug: str) -> None:
    query = CATALOGUE[slug]
    for texts in (query.title, query.summary):
        assert texts["en"] != texts["fr"]
        # French sets a narrow space before ? and a no-break space before the colon.
        assert not re.search(r"[a-zé][?!;:](\s|$)| [?!;:]|'", texts["fr"]), texts["fr"]
    for parameter in query.parameters:
        assert set(parameter.label) == {"en", "fr"}
    if any(column.endswith("Label") for column in query.columns):
        assert "lang" in {parameter.name for parameter in query.parameters}


def pattern(query: CannedQuery) -> str:
    """Return the text of a query without what is only a name or a constant."""
    text = re.sub(r"#[^\n>]*\n|PREFIX[^\n]*\n", "\n", query.text)
    text = re.sub(r'<[^<>\s]*>|[\w-]+:[\w.-]+|"[^"]*"|\b\d+\b', "•", text)
    names: dict[str, str] = {}
    text = re.sub(r"\?\w+", lambda found: names.setdefault(found[0], f"?{len(names)}"), text)
    return re.sub(r"\s+", " ", text)


def test_no_two_queries_differ_only_by_constants() -> None:
    patterns: dict[str, str] = {}
    for slug, query in CATALOGUE.items():
        other = patterns.setdefault(pattern(query), slug)
        assert other == slug, f"{slug} asks the same as {other}"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_example_gives_the_expected_rows_in_order(slug: str) -> None:
    rows = answer(slug)
    assert rows == expectation(slug)["rows"]
    assert rows


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if "defaults" in expectation(slug)])
def test_the_defaults_give_the_expected_rows_in_order(slug: str) -> None:
    assert answer(slug, {}) == expectation(slug)["defaults"]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_parameter_left_open_means_any(slug: str) -> None:
    query = CATALOGUE[slug]
    values = {p.name: query.example.get(p.name, "") if p.required else "" for p in query.parameters}
    rows = answer(slug, {name: value for name, value in values.items() if value or name != "lang"})
    assert rows
    if query.form == "SELECT" and not re.search(r"\b(COUNT|MIN)\(", query.text):
        assert all(row in rows for row in answer(slug))


@pytest.mark.parametrize("slug", [s for s in SELECTS if "lang" in bound(s)])
def test_labels_come_in_the_language_asked_for(slug: str) -> None:
    query = CATALOGUE[slug]
    columns = [i for i, name in enumerate(query.columns) if name.endswith("Label")]
    rows = answer(slug, {**query.example, "lang": "fr"})
    assert rows
    labels = [row[index] for row in rows for index in columns]
    assert all(label is None or label.endswith("@fr") for label in labels)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_change_to_the_data_changes_the_rows(slug: str) -> None:
    change = expectation(slug)["change"]
    gained, lost = changed_rows(slug, change["update"])
    assert gained == change.get("gained", [])
    assert lost == change.get("lost", [])
    assert gained or lost


def changed_rows(slug: str, update: str) -> tuple[list[Row], list[Row]]:
    """Return the rows of the example that an update of the data adds, and those it takes away."""
    edited = ox.Store()
    edited.bulk_extend(asserted())
    edited.update(prologue() + update)
    needed = needs_inference(slug)
    changed = rows_of(store_of(list(edited), inferred=needed), bound(slug), inferred=needed)
    before = answer(slug)
    return [row for row in changed if row not in before], [
        row for row in before if row not in changed
    ]


def prologue() -> str:
    """Return the names that an update may use: all prefixes, and graphs relative to their base."""
    schemes = {path.stem: f"{CONCEPT}{path.stem}/" for path in ROOT.glob("ontology/concepts/*.ttl")}
    lines = [f"PREFIX {name}: <{iri}>" for name, iri in {**PREFIXES, **schemes}.items()]
    return "\n".join([f"BASE <{GRAPH}>", *lines, ""])


@pytest.mark.parametrize("slug", SELECTS)
def test_order_is_total(slug: str) -> None:
    """Every column is a sort key, so two rows that tie are the same row."""
    query = CATALOGUE[slug]
    keys = query.text.rpartition("ORDER BY")[2]
    assert set(re.findall(r"\?(\w+)", keys)) >= set(query.columns)
    assert "LIMIT" not in keys


@cache
def same_labels(seed: int | None) -> ox.Store:
    """Return a store in which all labels are alike, filled in an order given by the seed."""
    pref_label = ox.NamedNode(PREFIXES["skos"] + "prefLabel")
    quads = [
        ox.Quad(
            quad.subject,
            quad.predicate,
            ox.Literal("same", language=quad.object.language),
            quad.graph_name,
        )
        if quad.predicate == pref_label and isinstance(quad.object, ox.Literal)
        else quad
        for quad in asserted()
    ]
    if seed is not None:
        random.Random(seed).shuffle(quads)
    return store_of(quads)


@pytest.mark.parametrize("slug", [slug for slug in SELECTS if not needs_inference(slug)])
def test_order_holds_when_leading_keys_tie(slug: str) -> None:
    rows = rows_of(same_labels(None), bound(slug))
    assert all(rows_of(same_labels(seed), bound(slug)) == rows for seed in (1, 2))


def rdflib_dataset(store: ox.Store, *, inferred: bool) -> rdflib.Dataset:
    dataset = rdflib.Dataset()
    quads = (
        ox.Quad(quad.subject, quad.predicate, quad.object)
        if inferred and quad.graph_name == INFERRED
        else quad
        for quad in store
    )
    dataset.parse(data=n_quads(quads), format="nquads")
    return dataset


def n_quads(quads: Iterable[ox.Quad]) -> str:
    serialized = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert serialized is not None
    return serialized.decode("utf-8")


@cache
def in_rdflib(inferred: bool) -> rdflib.Dataset:
    return rdflib_dataset(with_inference() if inferred else plain(), inferred=inferred)


# rdflib's own Dataset calls what rdflib has deprecated.
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
@pytest.mark.parametrize("slug", SLUGS)
def test_rdflib_gives_the_same_rows(slug: str) -> None:
    if slug in DIFFERENT_IN_RDFLIB:
        pytest.xfail(DIFFERENT_IN_RDFLIB[slug])
    result = in_rdflib(needs_inference(slug)).query(bound(slug))
    if result.type == "ASK":
        rows: list[Row] = [["true" if result.askAnswer else "false"]]
    elif result.type == "SELECT":
        rows = [[cell(term) for term in row] for row in result]  # type: ignore[union-attr]
    else:
        assert result.graph is not None
        rows = sorted([cell(term) for term in triple] for triple in result.graph)
    assert rows == answer(slug)


@pytest.mark.parametrize("slug", WITH_INFERENCE)
def test_the_inferred_graph_gives_more(slug: str) -> None:
    without = rows_of(with_inference(), bound(slug))
    more = rows_of(with_inference(), bound(slug), inferred=True)
    assert more == expectation(slug).get("with_inferred", expectation(slug)["rows"])
    assert (without == []) == needs_inference(slug)
    assert len(more) > len(without)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug not in WITH_INFERENCE])
def test_other_queries_do_not_depend_on_the_inferred_graph_unasked(slug: str) -> None:
    assert rows_of(with_inference(), bound(slug)) == rows_of(plain(), bound(slug))


@pytest.mark.parametrize(
    "slug", ["submitters", "quotations", "offices-serving-country", "event-participants"]
)
def test_queries_run_without_the_people_files(slug: str) -> None:
    people = f"{GRAPH}data/people/"
    without = [
        quad
        for quad in asserted()
        if not (
            isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value.startswith(people)
        )
    ]
    rows = rows_of(store_of(without), bound(slug))
    names = CATALOGUE[slug].columns
    persons = [
        i for i, name in enumerate(names) if name in {"submitter", "speaker", "head", "actor"}
    ]
    assert len(rows) == len(answer(slug))
    assert any(str(row[i]).startswith("<person:") for row in rows for i in persons)
    for row in rows:
        for index in persons:
            if str(row[index]).startswith("<person:"):
                label = next(
                    i for i in range(index + 1, len(row)) if re.search("Name|Label|name", names[i])
                )
                assert row[label] is None
