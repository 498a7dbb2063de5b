"""Mapping sets: read with the place of every mistake, and written so that a diff is about links."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migov.dataset import ContentFile
from migov.dataset.mappings import Link, MappingSet, read_mappings, written_mappings
from migov.errors import ContentSyntaxError

PATH = "data/mappings/example.sssom.tsv"
HEADER = """#curie_map:
#  place: https://w3id.org/migov/id/place/
#  schema: https://schema.org/
#  semapv: https://w3id.org/semapv/vocab/
#  wikidata: http://www.wikidata.org/entity/
#license: https://creativecommons.org/licenses/by/4.0/
#mapping_set_id: https://w3id.org/migov/graph/data/mappings/example.sssom.tsv
"""
COLUMNS = (
    "subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification\t"
    "confidence\tmapping_date\n"
)
ROW = "place:mar\tschema:sameAs\t\twikidata:Q1028\tsemapv:ManualMappingCuration\t1\t2026-11-26\n"
NEGATIVE = "place:nld\tschema:sameAs\tNot\twikidata:Q29999\tsemapv:ManualMappingCuration\t\t\n"


def read(text: str) -> MappingSet:
    return read_mappings(ContentFile(PATH, text.encode()))


def test_a_set_is_read_with_both_kinds_of_decision() -> None:
    accepted, rejected = read(HEADER + COLUMNS + ROW + NEGATIVE).mappings
    assert accepted.object == "http://www.wikidata.org/entity/Q1028"
    assert (accepted.confidence, accepted.date, accepted.row) == (1.0, "2026-11-26", 9)
    assert (rejected.is_negative, rejected.confidence, rejected.row) == (True, None, 10)


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        (ROW.replace("wikidata:", "wd:"), "row 9: object_id: curie_map has no prefix “wd:”", 9, 4),
        (ROW.replace("place:mar", ""), "row 9: subject_id is empty", 9, 1),
        (ROW.replace("\t1\t", "\t2\t"), "row 9: confidence is “2”", 9, 6),
        (ROW.replace("\t1\t", "\tmuch\t"), "row 9: confidence is “much”", 9, 6),
        (ROW.replace("2026-11", "2026-13"), "row 9: mapping_date", 9, 7),
        (NEGATIVE.replace("Not", "not"), "row 9: predicate_modifier", 9, 3),
        (ROW + "place:tun\n", "row 10: it has 1 cells, not 7", 10, 1),
        (ROW.replace("place:mar", "http://x.example/mar"), "not a short IRI", 9, 1),
        (ROW.replace("place:mar", " place:mar"), "space around it", 9, 1),
        (ROW.replace("wikidata:Q1028", "wikidata:Q1 028"), "“wikidata:Q1 028” does not make", 9, 4),
        ('"place:mar\tx', "row 9: a cell is not closed", 9, 1),
    ],
)
def test_a_wrong_row_names_itself_and_the_column(
    text: str, said: str, line: int, column: int
) -> None:
    refused(HEADER + COLUMNS + text, said, line, column)


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        (HEADER + COLUMNS.replace("object_id", "object"), "there is no column object_id", 8, 1),
        (HEADER + COLUMNS.replace("confidence", "sureness"), "column 6 “sureness”", 8, 6),
        (HEADER + COLUMNS.replace("mapping_date", "confidence"), "stands twice", 8, 7),
        (HEADER.replace("#license", "#licence") + COLUMNS, "its header has no license", 1, None),
        (
            HEADER.replace("https://creative", "CC BY ") + COLUMNS,
            "in its header is no IRI",
            1,
            None,
        ),
        ("#a: [\n" + COLUMNS, "its header is not YAML", 1, 6),
        ("", "has no mapping_set_id", 1, None),
    ],
)
def test_a_wrong_header_names_its_place(
    text: str, said: str, line: int, column: int | None
) -> None:
    refused(text, said, line, column)


def refused(text: str, said: str, line: int, column: int | None) -> None:
    with pytest.raises(ContentSyntaxError) as caught:
        read(text)
    assert said in caught.value.message
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line, place.column) == (PATH, line, column)


def test_bytes_that_are_not_utf_8_name_their_line() -> None:
    with pytest.raises(ContentSyntaxError, match="it is not UTF-8") as caught:
        read_mappings(ContentFile(PATH, (HEADER + COLUMNS).encode() + b"\xff\n"))
    assert caught.value.place is not None
    assert caught.value.place.line == 9


_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20).map(
    str.strip
)
_LOCAL = st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True)
_LINKS = st.builds(
    Link,
    subject=_LOCAL.map("https://w3id.org/migov/id/place/{}".format),
    predicate=st.just("https://schema.org/sameAs"),
    object=_LOCAL.map("http://www.wikidata.org/entity/{}".format),
    justification=st.just("https://w3id.org/semapv/vocab/ManualMappingCuration"),
    subject_label=_TEXT,
    object_label=_TEXT,
    confidence=st.none() | st.sampled_from([0.0, 0.25, 0.9, 1.0]),
    author=_TEXT,
    reviewer=_TEXT,
    date=st.sampled_from(["", "2026-11-26"]),
    evidence=_TEXT,
    is_negative=st.booleans(),
)


@given(st.lists(_LINKS, max_size=8))
def test_what_is_written_is_read_again(links: list[Link]) -> None:
    template = read(HEADER + COLUMNS)
    content = written_mappings(dataclasses.replace(template, mappings=tuple(links)))
    again = read_mappings(ContentFile(PATH, content))
    assert again.header == template.header

    def plain(link: Link) -> tuple[object, ...]:
        return dataclasses.astuple(dataclasses.replace(link, row=0))

    assert sorted(map(repr, map(plain, again.mappings))) == sorted(map(repr, map(plain, links)))
    assert written_mappings(again) == content
