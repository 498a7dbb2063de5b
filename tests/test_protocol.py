"""Media types, limits, operations and problems, without a server."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from migov import errors
from migov.catalogue import InvalidValuesError
from migov.catalogue import Problem as ParameterProblem
from migov.entities import NoSuchEntityError
from migov.errors import MigovError, Place, RefusedError, TooComplexError, UnknownFormatError
from migov.protocol import errors as protocol_errors
from migov.protocol.errors import (
    EncodingError,
    MediaTypeError,
    MissingQueryError,
    NotOfferedError,
    TooLongError,
)
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
from migov.protocol.limits import DEPTH, check_dataset, check_length, check_text
from migov.protocol.operation import parameters_of, read_operation
from migov.protocol.paging import Page, link_header, links, read_page
from migov.protocol.problems import PROBLEMS, problem
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

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


SERVICE = "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }"


class Listener:
    """A server that counts who calls, and hangs up."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._hang_up, daemon=True)
        self._thread.start()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._socket.accept()
                self.calls += 1
                caller.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    opened = Listener()
    yield opened
    opened.close()


class TestLimits:
    @pytest.mark.parametrize(
        "text",
        [
            f"SELECT * {{ {SERVICE} }}",
            "SELECT * { service silent ?x {} }",
            "SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> {} }",
            "SELECT * { \\U00000053ERVICE <http://127.0.0.1:9/> {} }",
            f"SELECT * {{ # nothing to see\n{SERVICE} }}",
            f'SELECT * {{ ?s ?p "#" . {SERVICE} }}',
            f'SELECT * {{ ?s ?p """ " """ . {SERVICE} }}',
            f"SELECT * {{ ?s <http://example.org/#> ?o . {SERVICE} }}",
            f"SELECT * {{ {{ SELECT * {{ {SERVICE} }} }} }}",
            "SELECT * { ?s ?p 'it\\'s' . SERVICE ?s {} }",
            # The parser reads a comparison and a comment where the grammar has an IRI,
            f"SELECT * {{ FILTER(?a<?b#c>'''\n) {SERVICE} #'''\n}}",
            f"SELECT * {{ FILTER(?a<'''x>y''') {SERVICE} #'''\n}}",
            # and a whole string where undoing escapes first gives the start of a long one.
            f'SELECT * {{ BIND("\\u0022" AS ?a) {SERVICE} #"""\n}}',
        ],
    )
    def test_service_is_refused_wherever_it_hides(self, text: str) -> None:
        with pytest.raises(RefusedError, match="SERVICE"):
            check_text(text, 10_000)

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT * { ?service ?p 'SERVICE' }",
            'SELECT * { ?s rdfs:label """a\nSERVICE desk""" }',
            "SELECT * { ?s ?p ?o } # SERVICE",
            "SELECT * { ?s <http://example.org/SERVICE> service:x , x:SERVICE }",
            "SELECT * { ?s ?p 'it''s a SERVICE' }",
            "SELECT * { <http://example.org/Côte_d'Ivoire> ?p 'd\\'SERVICE' }",
        ],
    )
    def test_the_word_alone_is_fine(self, text: str) -> None:
        check_text(text, 10_000)

    @given(before=st.text(alphabet="\"'\\#<>?ab \n{}u0022", max_size=40))
    def test_nothing_that_passes_calls_another_server(
        self, listener: Listener, before: str
    ) -> None:
        """What the engine's own parser takes as SERVICE is refused, whatever stands before it."""
        text = f"SELECT * {{ {before} SERVICE SILENT <{listener.address}> {{}} }}"
        try:
            check_text(text, 10_000)
        except (RefusedError, TooComplexError):
            return
        with contextlib.suppress(SyntaxError, ValueError, OSError):
            Store().query(text)
        assert listener.calls == 0, text

    def test_the_listener_would_notice(self, listener: Listener) -> None:
        Store().query(f"SELECT * {{ SERVICE SILENT <{listener.address}> {{}} }}")
        assert listener.calls == 1
        listener.calls = 0

    @given(st.integers(1, 3 * DEPTH), st.sampled_from(["{}", "()", "[]"]))
    def test_depth(self, levels: int, brackets: str) -> None:
        text = "ASK " + brackets[0] * levels + brackets[1] * levels
        if levels <= DEPTH:
            check_text(text, 10_000)
        else:
            with pytest.raises(TooComplexError, match="deep"):
                check_text(text, 10_000)

    def test_words(self) -> None:
        check_text("ASK { FILTER(1 IN (" + "1," * 49_000 + "1)) }", 10**6)
        with pytest.raises(TooComplexError, match="words and signs"):
            check_text("ASK { FILTER(1 IN (" + "1," * 50_000 + "1)) }", 10**6)

    @pytest.mark.parametrize(
        ("call", "most"),
        [
            ("REPLACE(%s, 'a', 'b')", 20),
            ("replace ('a', 'b', %s)", 20),
            ("SUBSTR(%s,2)", 20),
            ("REGEX(STR(%s),'a')", 20),
            ("REPLACE(IF(EXISTS { ?s ?p ?o FILTER(%s) }, 'a', 'b'), 'c', 'd')", 20),
            ("(%s IN (1, 2))", 17),
            ("(%s NOT in(1,2,3,4,5,6,7,8,9))", 5),
            ("(REPLACE(STR(%s), 'a', 'b') IN (1, 2, 3, 4))", 8),
            ("(%s && ?c IN (1, 2))", 99),
            ("(?c IN (1, %s))", 49),
            ("IF(?c IN (1, 2, 3, 4), 1, %s)", 98),
            ("UCASE(%s)", 99),
        ],
    )
    def test_nests_of_calls_and_lists(self, call: str, most: int) -> None:
        """The engine plans again at each level of some; of others only the brackets count."""

        def nest(levels: int) -> str:
            text = "?x"
            for _ in range(levels):
                text = call % text
            return f"ASK {{ BIND({text} AS ?y) }}"

        check_text(nest(most - 2 if most > 20 else most), 10_000)
        with pytest.raises(
            TooComplexError, match="deep" if most > 20 else "nests more|within list"
        ):
            check_text(nest(most + 1), 10_000)

    def test_calls_beside_each_other_do_not_nest(self) -> None:
        steps = " ".join(f"BIND(REPLACE(?x{i}, 'a', 'b') AS ?x{i + 1})" for i in range(40))
        check_text(f"SELECT * {{ ?s ?p ?x0 {steps} }}", 10_000)
        lists = " ".join(f"FILTER(?x{i} IN (1, 2, 3, 4, 5, 6))" for i in range(40))
        check_text(f"SELECT * {{ ?s ?p ?x0 {lists} }}", 10_000)
        check_text(f"SELECT * {{ FILTER({' || '.join(['?x IN (1, 2, 3)'] * 40)}) }}", 10_000)

    @pytest.mark.parametrize(
        ("text", "most"),
        [
            ("ASK { ?s %s ?o }", "<a:b>/"),
            ("ASK { ?s (%s) ?o }", "<a:b>*/"),
            ("ASK { ?s %s ?o }", "(<a:b>|^<a:c>)/"),
            ("ASK { %s }", "?s <a:b> ?o . "),
            ("ASK { ?s a ?c %s }", "; <a:b> 1 "),
            ("ASK { ?s <a:b> 1 %s }", ", 1 "),
            ("ASK { ?s <a:b> %s }", "[ <a:b> 1 ; <a:c> 2 ], "),
            ("ASK { ?s <a:b> (%s) }", "1 "),
            ("ASK { %s }", "{ ?s <a:b> ?o }"),
            ("ASK { %s }", "GRAPH ?g { ?s <a:b> ?o }"),
            ("ASK { %s }", "{ SELECT ?s { ?s <a:b> ?o } }"),
            ("SELECT * { OPTIONAL { %s } }", "?s <a:b> ?o . "),
            ("INSERT { ?s <a:b> 1 } WHERE { %s }", "?s <a:b> ?o . "),
            ("DELETE WHERE { %s }", "?s <a:b> ?o . "),
        ],
    )
    def test_joins(self, text: str, most: str) -> None:
        """None of these may have more than 100 patterns, and each may have half as many."""
        fitting = 25 if most.count("[") else 50
        check_text(text % (most * fitting), 10**6)
        with pytest.raises(TooComplexError, match="joins more than 100"):
            check_text(text % (most * 110), 10**6)

    @pytest.mark.parametrize(
        ("text", "link"),
        [
            ("ASK { %s }", "OPTIONAL { ?s <a:b> ?o } "),
            ("ASK { {} %s }", "UNION { ?s <a:b> ?o } "),
            ("ASK { ?s ?p ?o %s }", "MINUS { ?s <a:b> ?o } "),
            ("ASK { ?s ?p ?o %s }", "FILTER(?o != 1) "),
            ("ASK { ?s ?p ?o %s }", "FILTER NOT EXISTS { ?s <a:b> ?o } "),
            ("ASK { ?s ?p ?o %s }", "BIND(1 AS ?x) "),
            ("ASK { FILTER(1 %s) }", "|| 1 = 2 "),
            ("ASK { FILTER(1 %s > 1) }", "+ 1"),
            ("ASK { FILTER(%s true) }", "!"),
            ("ASK { ?s <a:b>%s ?o }", "|<a:b>"),
        ],
    )
    def test_chains(self, text: str, link: str) -> None:
        check_text(text % (link * 200), 10**6)
        with pytest.raises(TooComplexError, match=r"more than (500 clauses|2000 operators)"):
            check_text(text % (link * 2100), 10**6)

    @pytest.mark.parametrize(
        "text",
        [
            "ASK { VALUES ?x { %s } }",
            "ASK { VALUES (?x) { %s } }",
            "INSERT DATA { %s }",
            "INSERT DATA { GRAPH <a:g> { %s } }",
            "DELETE DATA { ?s ?p %s }",
            "CONSTRUCT { %s } WHERE { ?s ?p ?o }",
            "SELECT (COUNT(?x) AS ?n) { ?s ?p ?o FILTER(?x IN (%s)) }",
            "ASK { { SELECT (CONCAT(%s) AS ?n) { ?s ?p ?o } GROUP BY ?s } }",
            "SELECT * { ?s ?p ?o } ORDER BY %s",
        ],
    )
    def test_lists_are_no_chains(self, text: str) -> None:
        check_text(text % ("1 , " * 5000 + "1"), 10**6)
        check_text(text % ("<a:s> <a:p> 1 . " * 3000), 10**6)

    def test_length(self) -> None:
        check_length("x" * 10, 10)
        with pytest.raises(TooLongError, match="11 characters"):
            check_length("x" * 11, 10)

    GRAPH = "https://w3id.org/migov/graph/data/a.ttl"

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT * FROM <file:///etc/passwd> {}",
            "SELECT * FROM NAMED <http://example.org/> {}",
            f"SELECT * FROM <{GRAPH}> FROM <http://example.org/> {{}}",
            "PREFIX e: <http://example.org/> SELECT * FROM e:x {}",
            "BASE <http://example.org/> SELECT * FROM <x> {}",
            "SELECT * FROM known:x {}",
            f"SELECT * FROM NAMED <{ASSERTED_GRAPH}> {{}}",
        ],
    )
    def test_foreign_graphs_are_refused(self, text: str) -> None:
        with pytest.raises(RefusedError, match="no graph"):
            check_dataset(text, [self.GRAPH], prefixes={"known": "http://example.org/"})

    def test_our_graphs_pass(self) -> None:
        text = f"SELECT * FROM <{self.GRAPH}> FROM NAMED <{INFERRED_GRAPH}> {{}}"
        check_dataset(text, [self.GRAPH], [ASSERTED_GRAPH], [self.GRAPH])
        for default, named_graphs in ((["http://x/"], []), ([], ["http://x/"])):
            with pytest.raises(RefusedError):
                check_dataset("ASK {}", [self.GRAPH], default, named_graphs)


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


class TestPaging:
    @pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "99999999", "٣", "1e3"])
    def test_wrong_limits(self, limit: str) -> None:
        with pytest.raises(errors.ParameterError, match="limit"):
            read_page(limit, None, 10)

    @given(st.integers(1, 50), st.integers(0, 200))
    def test_following_next_reads_every_row_once(self, limit: int, total: int) -> None:
        rows = list(range(total))
        page, read = Page(limit), []
        while True:
            read += rows[page.offset : page.offset + page.limit]
            more = page.after.offset < total
            addresses = links(page, more, "/queries/x", {"a": "b c"})
            assert ("next" in addresses) == more
            assert ("prev" in addresses) == (page.offset > 0)
            if not more:
                break
            page = page.after
        assert read == rows

    def test_header(self) -> None:
        header = link_header(links(Page(5, 5), True, "/q", {"x": "1"}))
        assert header == (
            '</q?x=1&limit=5&offset=0>; rel="first", </q?x=1&limit=5&offset=0>; rel="prev", '
            '</q?x=1&limit=5&offset=10>; rel="next"'
        )


def _kinds(base: type[MigovError]) -> Iterator[type[MigovError]]:
    yield base
    for child in base.__subclasses__():
        yield from _kinds(child)


class TestProblems:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (errors.QuerySyntaxError("x"), 400),
            (errors.TooComplexError("x"), 400),
            (errors.RefusedError("x"), 403),
            (errors.UnknownEntityError("x"), 404),
            (errors.UnknownQueryError("x"), 404),
            (protocol_errors.MethodError("x", allowed=("GET",)), 405),
            (errors.UnknownFormatError("x"), 406),
            (protocol_errors.TooLongError("x"), 413),
            (protocol_errors.MediaTypeError("x"), 415),
            (errors.ParameterError("x"), 422),
            (errors.DeadlineError("x"), 503),
            (errors.BusyError("x"), 503),
            (errors.EnvironmentProblem("x"), 500),
        ],
    )
    def test_status(self, error: MigovError, status: int) -> None:
        told = problem(error)
        assert told.status == status
        assert json.loads(told.body())["status"] == status
        assert (("Retry-After", "5") in told.headers) == (status == 503)

    def test_every_error_has_a_face(self) -> None:
        for error in _kinds(MigovError):
            assert any(base in PROBLEMS for base in error.__mro__)
        assert len({kind.slug for kind in PROBLEMS.values()}) == len(PROBLEMS)

    def test_members(self) -> None:
        error = errors.QuerySyntaxError(
            "Not here.", place=Place("query", 3, 7, "FILTR"), hint="Mend it."
        )
        assert problem(error).document() == {
            "type": "https://w3id.org/migov/problem/query-syntax",
            "title": "Not valid SPARQL",
            "status": 400,
            "detail": "Not here.",
            "line": 3,
            "column": 7,
            "text": "FILTR",
            "hint": "Mend it.",
        }

    def test_parameters_and_suggestions_are_named(self) -> None:
        wrong = InvalidValuesError("x", [ParameterProblem("country", "moroco", "a", ("mar",))])
        document = problem(wrong).document()
        assert document["parameters"][0]["suggestions"] == ("mar",)
        unknown = NoSuchEntityError("https://w3id.org/migov/id/actor/i", ["https://a/b"])
        assert problem(unknown).document()["suggestions"] == ["https://a/b"]
