"""What a query may not be: one that reaches outside, or is too deep, wide or long to be planned."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from migov.errors import RefusedError, TooComplexError
from migov.protocol.errors import TooLongError
from migov.protocol.limits import DEPTH, check_dataset, check_length, check_text
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

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
