"""Headers are read strictly, and no value can be anything but one term of the query."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migov.catalogue import CannedQuery, InvalidValuesError, load_catalogue
from migov.catalogue.query import slots
from migov.errors import ContentError, ContentSyntaxError, ParameterError, UnknownQueryError
from migov.vocabulary import BASE

PLACE = BASE + "id/place/"
KNOWN = {
    BASE + "ns#Country": [PLACE + "mar", PLACE + "mrt"],
    BASE + "ns#SourceRecord": [BASE + "graph/data/records/gfmd/thamm.ttl"],
    BASE + "ns#Organisation": [BASE + "id/actor/ilo", BASE + "id/initiative/ghwa"],
    BASE + "concept/role": [BASE + "concept/role/funder"],
}

HEADER = """\
#+ title: {en: A question, fr: Une question}
#+ summary: {en: A summary., fr: Un résumé.}
#+ parameters:
#+   country: {type: entity, class: "mg:Country", label: {en: a, fr: b}, default: mar}
#+   role: {type: concept, scheme: role, label: {en: a, fr: b}}
#+   from: {type: date, label: {en: a, fr: b}}
#+   to: {type: date, bound: latest, label: {en: a, fr: b}}
#+   number: {type: number, label: {en: a, fr: b}}
#+   text: {type: text, label: {en: a, fr: b}}
#+   lang: {type: choice, choices: [en, fr], label: {en: a, fr: b}, default: en}
#+ view: table
#+ inferred: false
#+ example: {country: mar}
"""

QUERY = """
# VALUES ?comment { UNDEF } is no place for a value, and neither is the one in the string.
SELECT ?country ?role ?from ?to ?number ?text ?lang ?quoted
WHERE {
  VALUES ?country { UNDEF }
  VALUES ?role { UNDEF }
  VALUES ?from { UNDEF }
  VALUES ?to { UNDEF }
  VALUES ?number { UNDEF }
  VALUES ?text { UNDEF }
  VALUES ?lang { UNDEF }
  BIND("VALUES ?text { UNDEF }" AS ?quoted)
}
ORDER BY ?country
"""


class Lookup:
    def is_instance(self, iri: str, class_or_scheme: str) -> bool:
        return iri in KNOWN.get(class_or_scheme, [])

    def named(self, text: str, class_or_scheme: str) -> list[str]:
        return []

    def suggest(self, text: str, class_or_scheme: str) -> Mapping[str, str]:
        return {iri.rpartition("/")[2]: "" for iri in KNOWN.get(class_or_scheme, [])}


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> CannedQuery:
    folder = tmp_path_factory.mktemp("queries")
    (folder / "a-question.rq").write_text(HEADER + QUERY, encoding="utf-8")
    return load_catalogue(folder).find("a-question")


def load_one(folder: Path, text: str) -> CannedQuery:
    (folder / "broken.rq").write_text(text, encoding="utf-8")
    return load_catalogue(folder)["broken"]


def solution(query: CannedQuery, values: Mapping[str, str]) -> ox.QuerySolution:
    answer = ox.Store().query(query.bind(values, Lookup()))
    assert isinstance(answer, ox.QuerySolutions)
    rows: list[ox.QuerySolution] = list(answer)
    assert len(rows) == 1
    return rows[0]


def test_what_a_loaded_query_knows_of_itself(query: CannedQuery) -> None:
    assert (query.slug, query.form, query.view, query.inferred) == (
        "a-question",
        "SELECT",
        "table",
        False,
    )
    assert query.title["fr"] == "Une question"
    assert query.columns[0] == "country"
    assert not query.text.startswith("#+")
    assert query.parameters[0].of == BASE + "ns#Country"
    assert query.parameters[0].example == "mar"


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


def test_an_unknown_query_is_answered_with_names(query: CannedQuery, tmp_path: Path) -> None:
    (tmp_path / "budgets.rq").write_text(HEADER + QUERY, encoding="utf-8")
    with pytest.raises(UnknownQueryError) as caught:
        load_catalogue(tmp_path).find("budget")
    assert caught.value.hint == "Did you mean budgets?"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("#+ title: {en: A question, fr: Une question}", "#+ title: en: a", 1, "YAML"),
        ("fr: Une question", "de: Eine Frage", 1, "title.fr"),
        ("#+ view: table", "#+ view: poem", 11, "view"),
        ("#+ inferred: false", "#+ infered: false", 12, "infered"),
        ("#+ view: table", "#+ view: table\n#+ view: map", 12, "twice"),
        ("type: number", "type: integer", 8, "type"),
        ('class: "mg:Country"', "class: Country", 4, "class"),
        ("choices: [en, fr]", "choices: [de, fr]", 10, "choices"),
        ("{country: mar}", "{land: mar}", 13, "land"),
        ("default: mar}", "default: mar, required: true}", 4, "required and has a default"),
        ("#+ view: table", "#+ order: [from, number]\n#+ view: table", 11, "order"),
        ("#+ view: table", "#+ order: [from]\n#+ view: table", 11, "order"),
        ("#+ view: table", "#+ order: [from, until]\n#+ view: table", 11, "order"),
        ("VALUES ?role { UNDEF }", "", 5, "0 times"),
        ("BIND(", "VALUES ?text { UNDEF } BIND(", 9, "2 times"),
        ("BIND(", "VALUES ?other { UNDEF } BIND(", 25, "other"),
        ("ORDER BY ?country", "ORDER ?country", 27, "parsed"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(ContentError, match=re.escape(message)) as caught:
        load_one(tmp_path, (HEADER + QUERY).replace(old, new))
    place = caught.value.place
    assert place is not None
    assert place.source.endswith("broken.rq")
    assert place.line == line


def test_a_file_without_a_header_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        load_one(tmp_path, "ASK {}")
    assert caught.value.hint is not None


def test_a_file_name_that_is_no_slug_is_refused(tmp_path: Path) -> None:
    (tmp_path / "My Query.rq").write_text(HEADER + QUERY, encoding="utf-8")
    with pytest.raises(ContentError, match="not a name"):
        load_catalogue(tmp_path)


def test_a_syntax_error_is_a_kind_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ContentSyntaxError):
        load_one(tmp_path, HEADER + "SELECT nothing")


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


def broken(folder: Path, content: bytes) -> ContentSyntaxError:
    (folder / "queries").mkdir(exist_ok=True)
    (folder / "queries" / "broken.rq").write_bytes(content)
    with pytest.raises(ContentSyntaxError) as caught:
        load_catalogue(folder / "queries")
    return caught.value


@pytest.mark.parametrize(
    ("title", "message"),
    [
        (b"#+ title: {en: \xe9, fr: b}", "UTF-8"),
        (b"#+ title: {en: a\x01, fr: b}", "0x0001"),
        (b"#+ title: {en: a\x0c, fr: b}", "0x000c"),
        (b"#+ title: " + b"[" * 5000, "nests"),
        (b"#+ title: " + b"[" * 30 + b"]" * 30, "nests"),
        (b"#+ title: {en: &a [x, x], fr: *a}", "alias"),
        (b"#+ title: !unknown!tag a", "YAML"),
    ],
)
def test_what_is_no_header_is_named_with_its_line(
    tmp_path: Path, title: bytes, message: str
) -> None:
    before = b"#+ view: table\n#+ inferred: \xe2\x80\xa8 false\n"
    error = broken(tmp_path, before + title + b"\nASK {}\n")
    assert message in error.message
    assert error.place is not None
    assert (error.place.source, error.place.line) == ("queries/broken.rq", 3)


@pytest.mark.parametrize(
    "line",
    [
        "SERVICE nowhere:x { ?s ?p ?o }",
        "SERVICE <http://127.0.0.1:9/> { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "service SILENT ?s { ?s ?p ?o }",
        "SERV\\u0049CE <http://127.0.0.1:9/> { ?s ?p ?o }",
        "FILTER(?a<?b#c>) } #\n{ SERVICE ?a {}",
        "{ SELECT * FROM <http://example.org/a.ttl> {} }",
        "{ SELECT * FROM NAMED <file:///etc/passwd> {} }",
        "(" * 5000,
    ],
)
def test_a_query_that_reaches_outside_is_never_run(
    tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migov.sparql.stored.ox.Store", None)
    error = broken(tmp_path, f"{HEADER}ASK {{\n{line}\n}}".encode())
    assert error.place is not None
    assert error.place.line in (15, 16)


def test_a_query_that_asks_a_named_endpoint_is_read_and_nobody_is_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        service = f"SERVICE <{endpoint}> {{ ?s ?p ?o BIND(1 AS ?n) }}"
        query = load_one(tmp_path, HEADER + QUERY.replace("BIND(", f"{service} BIND("))
        assert service in query.text
        assert query.columns[:2] == ("country", "role")
        with pytest.raises(TimeoutError):
            listening.accept()


def test_the_source_is_kept_as_it_was_read(tmp_path: Path) -> None:
    query = load_one(tmp_path, HEADER + QUERY)
    (tmp_path / "broken.rq").unlink()
    assert query.source == HEADER + QUERY


def test_hidden_files_are_no_queries_and_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / ".#a.rq").symlink_to("someone@host.1234:5678")
    assert not load_catalogue(folder)
    (tmp_path / "secret.rq").write_text("a secret", encoding="utf-8")
    (folder / "a.rq").symlink_to(tmp_path / "secret.rq")
    with pytest.raises(ContentError, match="link") as caught:
        load_catalogue(folder)
    assert "secret" not in str(caught.value)
