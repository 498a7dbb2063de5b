"""Media types: which format an Accept header or a name asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migov.errors import UnknownFormatError
from migov.protocol.formats import (
    GRAPHS,
    PAGE,
    SOLUTIONS,
    Format,
    accepted,
    choose,
    choose_for_query,
    named,
)

ALL = (*SOLUTIONS, *GRAPHS, PAGE)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "solutions", "graph"),
        [
            (None, "json", "ttl"),
            ("", "json", "ttl"),
            ("*/*", "json", "ttl"),
            (BROWSER, "html", "html"),
            ("application/sparql-results+json", "json", None),
            ("application/json", "json", "jsonld"),
            ("application/xml", "xml", "rdf"),
            ("text/csv;q=0.2, text/tab-separated-values;q=0.9", "tsv", None),
            ("application/*", "json", "jsonld"),
            ("text/turtle;charset=utf-8", None, "ttl"),
            ('application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"', None, "jsonld"),
            ("text/plain", None, "nt"),
            ("*/*;q=0.1, application/rdf+xml", "json", "rdf"),
            ("application/sparql-results+xml, application/rdf+xml", "xml", "rdf"),
        ],
    )
    def test_header(self, accept: str | None, solutions: str | None, graph: str | None) -> None:
        wanted = choose_for_query(accept, None)
        assert (wanted.solutions and wanted.solutions.name) == solutions
        assert (wanted.graph and wanted.graph.name) == graph

    @pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "*/*;q=0"])
    def test_nothing_fits(self, accept: str) -> None:
        with pytest.raises(UnknownFormatError, match="cannot be written"):
            choose_for_query(accept, None)

    def test_explicit_goes_first(self) -> None:
        assert choose(BROWSER, "csv", (*SOLUTIONS, PAGE)).name == "csv"
        with pytest.raises(UnknownFormatError, match="yaml") as caught:
            choose(BROWSER, "yaml", SOLUTIONS)
        assert caught.value.hint is not None
        assert "tsv" in caught.value.hint

    @pytest.mark.parametrize("entry", ALL)
    def test_every_name_finds_its_format(self, entry: Format) -> None:
        for name in (entry.name, *entry.aliases, *entry.media_types):
            assert named(name.upper(), (entry,)) is entry
        assert accepted(entry.media_type, (entry,)) is entry

    @given(st.permutations(ALL), st.data())
    def test_highest_quality_wins(self, offered: list[Format], data: st.DataObject) -> None:
        qualities = data.draw(
            st.lists(
                st.integers(0, 1000), min_size=len(offered), max_size=len(offered), unique=True
            )
        )
        pairs = list(zip(offered, qualities, strict=True))
        header = ", ".join(f"{entry.media_type};q={quality / 1000:.3f}" for entry, quality in pairs)
        best = max(pairs, key=lambda pair: pair[1])
        assert accepted(header, offered) is best[0]

    @given(st.text(max_size=200))
    def test_no_header_breaks_it(self, header: str) -> None:
        assert accepted(header, ALL) in (None, *ALL)

    @given(st.sampled_from(ALL), st.sampled_from(ALL))
    def test_refusing_one_leaves_the_others(self, refused: Format, other: Format) -> None:
        chosen = accepted(f"*/*, {refused.media_type};q=0", ALL)
        assert chosen is not refused
        assert chosen is not None
        if other is not refused:
            assert accepted(f"{refused.media_type};q=0, {other.media_type}", ALL) is other
