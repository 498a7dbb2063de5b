"""No value of a canned question can be anything but one term of its query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import catalogue_support
from catalogue_support import HEADER, PLACE, QUERY, Lookup, load_one
from migov.catalogue import CannedQuery, InvalidValuesError
from migov.catalogue.query import slots
from migov.errors import ParameterError
from migov.vocabulary import BASE

query = catalogue_support.query


def solution(query: CannedQuery, values: Mapping[str, str]) -> ox.QuerySolution:
    answer = ox.Store().query(query.bind(values, Lookup()))
    assert isinstance(answer, ox.QuerySolutions)
    rows: list[ox.QuerySolution] = list(answer)
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("value", ["mar", "place/mar", "place:mar", PLACE + "mar", " mar "])
def test_an_entity_may_be_written_in_several_ways(query: CannedQuery, value: str) -> None:
    assert solution(query, {"country": value})["country"] == ox.NamedNode(PLACE + "mar")


@pytest.mark.parametrize("value", ["funder", "role/funder", "role:funder"])
def test_a_concept_may_be_written_in_several_ways(query: CannedQuery, value: str) -> None:
    funder = ox.NamedNode(BASE + "concept/role/funder")
    assert solution(query, {"role": value})["role"] == funder


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2001", "2001-01-01", "2001-12-31"),
        ("2020-02", "2020-02-01", "2020-02-29"),
        ("2020-10-14", "2020-10-14", "2020-10-14"),
    ],
)
def test_a_partial_date_is_bound_to_its_first_or_last_day(
    query: CannedQuery, value: str, first: str, last: str
) -> None:
    row = solution(query, {"from": value, "to": value})
    date = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
    assert row["from"] == ox.Literal(first, datatype=date)
    assert row["to"] == ox.Literal(last, datatype=date)


def test_absent_takes_the_default_and_empty_means_any(query: CannedQuery) -> None:
    assert solution(query, {})["country"] == ox.NamedNode(PLACE + "mar")
    row = solution(query, {"country": "", "lang": ""})
    assert row["country"] is None
    assert row["lang"] is None
    assert row["quoted"] == ox.Literal("VALUES ?text { UNDEF }")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "atlantis"),
        ("country", "actor/ilo"),
        ("country", "http://example.org/mar"),
        ("country", PLACE + "mar> } DROP ALL"),
        ("role", "country/funder"),
        ("from", "2020-13"),
        ("from", "0000"),
        ("from", "yesterday"),
        ("number", "1e9"),
        ("number", "٣"),
        ("number", "9" * 16),
        ("lang", "de"),
        ("text", "\ud800"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(query: CannedQuery, name: str, value: str) -> None:
    with pytest.raises(ParameterError, match=name):
        query.bind({name: value}, Lookup())


def test_one_error_tells_all_that_is_wrong(query: CannedQuery) -> None:
    values = {"country": "morroco", "lang": "frr", "numbr": "3"}
    with pytest.raises(InvalidValuesError) as caught:
        query.bind(values, Lookup())
    problems = {problem.parameter: problem for problem in caught.value.problems}
    assert set(problems) == set(values)
    assert problems["country"].given == "morroco"
    assert "mg:Country" in problems["country"].expected
    assert problems["country"].suggestions == ("mar", "mrt")
    assert problems["lang"].suggestions == ("fr",)
    assert problems["numbr"].suggestions == ("number",)
    assert caught.value.hint is not None


def test_a_required_parameter_has_to_be_given(tmp_path: Path) -> None:
    header = HEADER.replace("default: mar", "required: true")
    with pytest.raises(InvalidValuesError, match="country is missing"):
        load_one(tmp_path, header + QUERY).bind({}, Lookup())


@pytest.mark.parametrize(
    ("order", "good", "bad"),
    [
        ("[from, to]", {"from": "2019-06", "to": "2019"}, {"from": "2020", "to": "2019-12-31"}),
        ("[low, number]", {"low": "9", "number": "10"}, {"low": "1.5", "number": "1.05"}),
    ],
)
def test_values_that_have_an_order_keep_it(
    tmp_path: Path, order: str, good: Mapping[str, str], bad: Mapping[str, str]
) -> None:
    low = "#+   low: {type: number, label: {en: a, fr: b}}\n#+   text:"
    header = HEADER.replace("#+ view", f"#+ order: {order}\n#+ view").replace("#+   text:", low)
    where = "WHERE {\n  VALUES ?low { UNDEF }"
    query = load_one(tmp_path, header + QUERY.replace("WHERE {", where))
    query.bind(good, Lookup())
    for name, value in bad.items():
        query.bind({name: value}, Lookup())
    with pytest.raises(InvalidValuesError, match="does not come after"):
        query.bind(bad, Lookup())


ATTEMPTS = (
    "> } DROP ALL",
    '" } UNION { ?s ?p ?o } #',
    "' } #",
    '"""',
    "\\",
    "\\u0022 } DROP ALL #",
    "\\U00000022 }",
    "\n} # \r\t\b\f\0",
    "UNDEF }",
    "VALUES ?lang { UNDEF }",
    "?country",
    "<http://example.org/>",
    '"a"@en',
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    "\u2028\u2029\ufeff",
    "%s {} $name",
)


def with_attempts(test: Callable[[str], None]) -> Callable[[str], None]:
    for attempt in ATTEMPTS:
        test = example(attempt)(test)
    return test


def around(query: CannedQuery, name: str) -> tuple[str, str]:
    """Return the text before and after the slot of one parameter, the others left open."""
    slot = next(slot for slot in slots(query.text) if slot.name == name)
    return query.text[: slot.start], query.text[slot.end :]


@pytest.mark.parametrize("name", ["country", "role", "from", "to", "number", "text", "lang"])
def test_no_value_changes_more_than_its_own_term(query: CannedQuery, name: str) -> None:
    before, after = around(query, name)
    others = {parameter.name: "" for parameter in query.parameters}

    @with_attempts
    @given(st.text())
    def attempt(value: str) -> None:
        try:
            text = query.bind({**others, name: value}, Lookup())
        except ParameterError:
            return
        assert text.startswith(before)
        assert text.endswith(after)
        term = text[len(before) : len(text) - len(after)]
        # Whatever stands there is one term: the parser reads it as the only value of the column.
        answer = ox.Store().query(f"SELECT ?value {{ VALUES ?value {{ {term} }} }}")
        assert isinstance(answer, ox.QuerySolutions)
        read = [row["value"] for row in answer]
        row = solution(query, {**others, name: value})
        assert read == [row[name]]
        assert all(row[other] is None for other in others if other != name)
        if name == "text" and value:
            assert row["text"] == ox.Literal(value)

    attempt()  # type: ignore[call-arg]


@given(st.text(), st.text())
def test_two_values_cannot_work_together(query: CannedQuery, one: str, other: str) -> None:
    """A value that looks like a slot, or opens what another closes, stays a value."""
    row = solution(query, {"text": f"{one} VALUES ?lang {{ UNDEF }}{other}", "lang": "fr"})
    assert row["text"] == ox.Literal(f"{one} VALUES ?lang {{ UNDEF }}{other}")
    assert row["lang"] == ox.Literal("fr")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_unknown_name_reaches_no_query(query: CannedQuery, attempt: str) -> None:
    with pytest.raises(ParameterError):
        query.bind({attempt: "mar"}, Lookup())
