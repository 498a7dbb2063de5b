"""A SPARQL operation is read alike from each of the three ways to send it, or refused."""

from __future__ import annotations

import contextlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migov import errors
from migov.errors import MigovError
from migov.protocol.errors import EncodingError, MediaTypeError, MissingQueryError, NotOfferedError
from migov.protocol.operation import parameters_of, read_operation


class TestOperation:
    def test_three_ways_say_the_same(self) -> None:
        fields = [("query", "ASK { ?s ?p 'é&=' }"), ("default-graph-uri", "http://a/")]
        form = urlencode(fields).encode()
        direct = read_operation(
            "POST", fields[1:], "application/sparql-query; charset=UTF-8", fields[0][1].encode()
        )
        assert read_operation("GET", fields) == direct
        assert read_operation("POST", [], "application/x-www-form-urlencoded", form) == direct
        assert direct.default_graphs == ("http://a/",)
        assert direct.named_graphs is None

    @pytest.mark.parametrize(
        ("method", "fields", "media_type", "body", "error"),
        [
            ("GET", [], None, b"", MissingQueryError),
            ("GET", [("query", "  ")], None, b"", MissingQueryError),
            ("GET", [("query", "ASK {}"), ("query", "ASK {}")], None, b"", errors.RequestError),
            ("POST", [("query", "ASK {}")], "application/sparql-query", b"ASK {}", MigovError),
            ("GET", [("update", "CLEAR ALL")], None, b"", NotOfferedError),
            ("POST", [], "application/sparql-update", b"CLEAR ALL", NotOfferedError),
            ("POST", [], "text/plain", b"ASK {}", MediaTypeError),
            ("POST", [], None, b"ASK {}", MediaTypeError),
            ("POST", [], "application/sparql-query;charset=latin-1", b"ASK {}", MediaTypeError),
            ("POST", [], "application/sparql-query", b"\xff", EncodingError),
            ("GET", [("query", "ASK {}"), ("inferred", "maybe")], None, b"", errors.ParameterError),
        ],
    )
    def test_refusals(
        self,
        method: str,
        fields: list[tuple[str, str]],
        media_type: str | None,
        body: bytes,
        error: type[MigovError],
    ) -> None:
        with pytest.raises(error):
            read_operation(method, fields, media_type, body)

    @given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5))
    def test_fields_survive(self, fields: list[tuple[str, str]]) -> None:
        try:
            encoded = urlencode(fields).encode()
        except UnicodeEncodeError:  # a lone surrogate cannot be sent
            return
        assert parameters_of(encoded) == fields

    @given(st.binary(max_size=100))
    def test_no_bytes_break_it(self, body: bytes) -> None:
        with contextlib.suppress(EncodingError):
            parameters_of(body)
