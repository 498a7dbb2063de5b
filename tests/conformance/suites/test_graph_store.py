"""The W3C tests of the Graph Store HTTP Protocol, against a scratch dataset.

The suite tells one story, request after request (`http-rdf-update/tests.txt`): here it is told to
a server, and each request is a case under the name that the suite gives it. Where the story says
200, 204 will do: a success without a body (Graph Store HTTP Protocol, section 5.3). `/person/1.ttl`
is an address of the store, so it stands under `/graphs`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import httpx
import pytest
from pyoxigraph import RdfFormat, Triple, parse

from conformance.material import suite
from conformance.suites.results import canonical_graph
from conformance.suites.served import judge, misses, server

COUNT: Final = 22
ONE, TWO, DEFAULT = "/graphs/person/1.ttl", "/graphs/person/2.ttl", "/graphs?default"
TURTLE: Final = {"Content-Type": "text/turtle"}
ACCEPT: Final = {"Accept": "text/turtle; charset=utf-8"}
PREFIXES: Final = """@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix v: <http://www.w3.org/2006/vcard/ns#> .
"""
JOHN: Final = f'{PREFIXES} <1> a foaf:Person ; foaf:businessCard [ a v:VCard ; v:fn "John Doe" ] .'
JANE: Final = JOHN.replace("John", "Jane")
ALICE: Final = (
    f'{PREFIXES} [] a foaf:Person ; foaf:businessCard [ a v:VCard ; v:given-name "Alice" ] .'
)
NAMED: Final = f'{PREFIXES} <1> foaf:name "Jane Doe" .'
FAMILY: Final = f'{PREFIXES} <1> foaf:familyName "Doe" .'
GIVEN: Final = f'{PREFIXES} <1> foaf:givenName "Jane" .'
FORM: Final = f"""--AaB03x\r
Content-Disposition: form-data; name="graphs"\r
Content-Type: multipart/mixed; boundary=BbC04y\r
\r
--BbC04y\r
Content-Disposition: attachment; filename="lastName.ttl"\r
Content-Type: text/turtle\r
\r
{FAMILY}\r
--BbC04y\r
Content-Disposition: attachment; filename="firstName.ttl"\r
Content-Type: text/turtle\r
\r
{GIVEN}\r
--BbC04y--\r
--AaB03x--\r
"""


def _names() -> list[str]:
    text = (suite("sparql") / "sparql11" / "http-rdf-update" / "tests.txt").read_text()
    found = re.findall(r"^-+ Request \((.+?)\s*\) -+$", text, re.MULTILINE)
    return [f"sparql11/http-rdf-update/{name}" for name in found]


NAMES: Final = _names()


class Story:
    """The requests in their order; `faults` has what went wrong with each, or None."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.faults: dict[str, str | None] = {}

    def tell(self) -> None:
        put = {"headers": TURTLE}
        self._send("PUT - Initial state", "PUT", ONE, 201, content=JOHN, **put)
        self._read("GET of PUT - Initial state", ONE, JOHN)
        self._send("PUT - graph already in store", "PUT", ONE, 200, content=JANE, **put)
        self._read("GET of PUT - graph already in store", ONE, JANE)
        self._send("PUT - default graph", "PUT", DEFAULT, 201, content=ALICE, **put)
        self._read("GET of PUT - default graph", DEFAULT, ALICE)
        xml = {"headers": {"Content-Type": "application/rdf+xml"}}
        self._send("PUT - mismatched payload", "PUT", ONE, 400, content=JANE, **xml)
        self._send("PUT - empty graph", "PUT", TWO, 200, content="", **put)
        self._read("GET of PUT - empty graph", TWO, "")
        self._send("DELETE - existing graph", "DELETE", TWO, 200)
        self._send("GET of DELETE - existing graph", "GET", TWO, 404)
        self._send("DELETE - non-existent graph", "DELETE", TWO, 404)
        self._send("POST - existing graph", "POST", ONE, 200, content=NAMED, **put)
        self._read("GET of POST - existing graph", ONE, JANE, NAMED)
        form = {"headers": {"Content-Type": "multipart/form-data; boundary=AaB03x"}}
        self._send("POST - multipart/form-data", "POST", ONE, 200, content=FORM, **form)
        self._read("GET of POST - multipart/form-data", ONE, JANE, NAMED, FAMILY, GIVEN)
        created = self._send(
            "POST - create  new graph", "POST", "/graphs", 201, content=ALICE, **put
        )
        new = created.headers.get("Location", "/graphs/nowhere")
        self._read("GET of POST - create  new graph", new, ALICE)
        self._send("POST - empty graph to existing graph", "POST", new, 204, content="", **put)
        self._read("GET of POST - after noop", new, ALICE)
        head = self._send("HEAD on an existing graph", "HEAD", ONE, 200, headers=ACCEPT)
        if "text/turtle" not in head.headers.get("Content-Type", ""):
            self._note("HEAD on an existing graph", "no media type")
        self._send("HEAD on a non-existing graph", "HEAD", TWO, 404)

    def _send(
        self, name: str, method: str, path: str, status: int, **more: object
    ) -> httpx.Response:
        send: Callable[..., httpx.Response] = self._client.request
        response = send(method, path, **more)
        fits = response.status_code in ((200, 204) if status == 200 else (status,))
        self._note(name, None if fits else f"{response.status_code} for {status}: {response.text}")
        return response

    def _read(self, name: str, path: str, *documents: str) -> None:
        response = self._send(name, "GET", path, 200, headers=ACCEPT)
        if response.status_code == 200:
            base = str(self._client.base_url.join(path))
            wanted = canonical_graph(t for text in documents for t in _triples(text, base))
            given = canonical_graph(_triples(response.text, base))
            self._note(name, None if given == wanted else f"given:\n{given}\nwanted:\n{wanted}")

    def _note(self, name: str, fault: str | None) -> None:
        self.faults[f"sparql11/http-rdf-update/{name}"] = fault


def _triples(text: str, base: str) -> list[Triple]:
    quads = parse(text.encode(), format=RdfFormat.TURTLE, base_iri=base, rename_blank_nodes=True)
    return [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]


@pytest.fixture(scope="module")
def faults() -> dict[str, str | None]:
    with server() as client:
        story = Story(client)
        story.tell()
        return story.faults


def test_the_suite_is_whole(faults: dict[str, str | None]) -> None:
    assert len(NAMES) == COUNT
    assert set(faults) == set(NAMES)
    assert {name for name in misses() if "/http-rdf-update/" in name} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, faults: dict[str, str | None]) -> None:
    judge(name, faults.get(name, "no request has this name"))
