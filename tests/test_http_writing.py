"""SPARQL Update at `/sparql` and graph writes at `/graphs`, through the gate and into the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from writing_support import BAD, ILO, WHO, Writing, graph, note, writing

NEW = "data/actors/new.ttl"
ACTOR = "<https://w3id.org/migov/id/actor/{}>"
LABEL = "<http://www.w3.org/2004/02/skos/core#altLabel>"
UPDATE = "application/sparql-update"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writing]:
    with writing(tmp_path_factory.mktemp("writing")) as opened:
        yield opened


def insert(name: str, path: str = ILO, subject: str = "ilo") -> str:
    triple = f'{ACTOR.format(subject)} {LABEL} "{name}"@en'
    return f"INSERT DATA {{ GRAPH <{graph(path)}> {{ {triple} }} }}"


def text_of(server: Writing, path: str) -> str:
    return (server.repository.root / path).read_text(encoding="utf-8")


def test_an_update_is_merged_and_read_back(server: Writing) -> None:
    before = text_of(server, ILO)
    response = server.send(
        "POST",
        "/sparql",
        server.merge,
        data=insert("By update"),
        content_type=UPDATE,
        query_string={"message": "Name it"},
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.get_json()["merged"]["commit"] == response.headers["Migov-Commit"]
    assert server.head().id.decode() == response.headers["Migov-Commit"]
    assert server.head().message == b"Name it\n"
    assert set(before.splitlines()) <= set(text_of(server, ILO).splitlines())
    asked = server.client.get("/sparql", query_string={"query": 'ASK { ?s ?p "By update"@en }'})
    assert asked.get_json()["boolean"] is True
    assert asked.headers["Migov-Snapshot"] == response.headers["Migov-Snapshot"]
    again = server.send(
        "POST", "/sparql", server.merge, data={"update": insert("By form")},
        headers={"Accept": "application/sparql-results+xml"},
    )  # fmt: skip
    assert (again.status_code, again.mimetype) == (200, "application/json")
    assert server.is_clean()


def test_the_request_may_name_the_dataset_of_an_update(server: Writing) -> None:
    for path in (ILO, WHO):
        assert server.send(
            "POST", f"/graphs?graph={graph(path)}", server.merge, data=note("Mark", "who"),
            content_type="text/turtle",
        ).status_code == 200  # fmt: skip
    text = (
        f"DELETE {{ GRAPH <{graph(ILO)}> {{ ?s ?p ?o }} }} INSERT {{ GRAPH <{graph(ILO)}> "
        f'{{ ?s ?p "From one"@en }} }} WHERE {{ ?s ?p ?o FILTER(?o = "Mark"@en) }}'
    )
    sent = {"using-graph-uri": graph(ILO), "update": text}
    response = server.send("POST", "/sparql", server.merge, data=sent)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert '"From one"@en' in text_of(server, ILO)
    assert '"Mark"@en' in text_of(server, WHO)
    twice = {**sent, "update": text.replace("WHERE", f"USING <{graph(ILO)}> WHERE")}
    assert server.send("POST", "/sparql", server.merge, data=twice).status_code == 400


def test_an_update_that_does_not_conform_changes_nothing(server: Writing) -> None:
    before = server.state()
    bad = (
        insert("x")
        .replace(LABEL, "<http://www.w3.org/2004/02/skos/core#related>")
        .replace('"x"@en', ACTOR.format("nobody"))
    )
    response = server.send("POST", "/sparql", server.merge, data=bad, content_type=UPDATE)
    assert response.status_code == 422
    assert response.get_json()["conforms"] is False
    for wrong, status in (
        ("INSERT DATA { <a:b> <a:c> 1 }", 403),
        (insert("x", "../../etc/passwd.ttl"), 403),
        ("CLEAR ALL", 403),
        ("LOAD <file:///etc/passwd>", 403),
        (insert("x") + " ; DELETE WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 403),
    ):
        response = server.send("POST", "/sparql", server.merge, data=wrong, content_type=UPDATE)
        assert response.status_code == status, (wrong, response.get_data(as_text=True))
    broken = server.send(
        "POST", "/sparql", server.merge, data="INSERT DATA { GRAPH <", content_type=UPDATE
    )
    assert broken.status_code in (400, 422)
    assert server.state() == before


def test_what_became_of_writes_is_counted(server: Writing) -> None:
    def counted() -> dict[str, float]:
        text = server.client.get("/metrics").get_data(as_text=True)
        lines = [line for line in text.splitlines() if line.startswith("migov_writes_total{")]
        return {line.split('"')[1]: float(line.split()[-1]) for line in lines}

    before = counted()
    bad = (
        insert("x")
        .replace(LABEL, "<http://www.w3.org/2004/02/skos/core#related>")
        .replace('"x"@en', ACTOR.format("nobody"))
    )
    for text, token in (
        (insert("To be counted"), server.merge),
        (insert("To be counted"), server.merge),
        (insert("Only proposed"), server.propose),
        (bad, server.merge),
        ("INSERT DATA {", server.merge),
    ):
        server.send("POST", "/sparql", token, data=text, content_type=UPDATE)
    server.send("POST", "/sparql?query=ASK{}&explain=perhaps")
    after = counted()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown == {"committed": 1, "unchanged": 1, "proposed": 1, "refused": 2}


def test_a_proposal_comes_back_with_its_patch_and_is_not_stored(server: Writing) -> None:
    before = server.state()
    for method, path, body in (
        ("POST", "/sparql", {"data": insert("Proposed"), "content_type": UPDATE}),
        (
            "POST",
            f"/graphs?graph={graph()}",
            {"data": note("Proposed"), "content_type": "text/turtle"},
        ),
    ):
        response = server.send(method, path, server.propose, **body)
        assert response.status_code == 202, response.get_data(as_text=True)
        verdict = response.get_json()
        assert verdict["conforms"] is True
        assert "Proposed" in verdict["patch"]
        assert "merged" not in verdict
        assert "Migov-Commit" not in response.headers
    told = server.send(
        "POST", f"/graphs?graph={graph()}", server.propose, data=BAD, content_type="text/turtle",
        headers={"Accept": "text/markdown"},
    )  # fmt: skip
    assert (told.status_code, told.mimetype) == (422, "text/markdown")
    assert server.state() == before


def test_writes_need_a_token_and_a_page_of_ours(server: Writing) -> None:
    before = server.state()
    body = {"data": note("x"), "content_type": "text/turtle"}
    for method, path, more in (
        ("PUT", f"/graphs?graph={graph()}", body),
        ("POST", f"/graph/{ILO}", body),
        ("DELETE", f"/graphs?graph={graph()}", {}),
        ("POST", "/sparql", {"data": insert("x"), "content_type": UPDATE}),
        ("PATCH", f"/graphs?graph={graph()}", {"data": insert("x"), "content_type": UPDATE}),
    ):
        if method != "PATCH":  # an update of one graph names none
            response = server.send(method, path, **more)
            assert response.status_code == 401, (method, response.get_data(as_text=True))
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        evil = {"Origin": "http://evil.example"}
        response = server.send(method, path, server.merge, headers=evil, **more)
        assert response.status_code == 403
    assert server.state() == before


def test_a_graph_is_made_added_to_replaced_and_removed(server: Writing) -> None:
    address = f"/graphs?graph={graph(NEW)}"
    said = note("First", "new")
    made = server.send("PUT", address, server.merge, data=said, content_type="text/turtle")
    assert made.status_code == 201, made.get_data(as_text=True)
    assert '"First"@en' in text_of(server, NEW)
    tag = server.client.get(address).headers["ETag"]
    added = server.send(
        "POST", address, server.merge,
        data=f'{ACTOR.format("new")} {LABEL} "Second"@en .\n', content_type="application/n-triples",
        headers={"If-Match": tag},
    )  # fmt: skip
    assert added.status_code == 200, added.get_data(as_text=True)
    assert '"First"@en' in text_of(server, NEW)
    assert '"Second"@en' in text_of(server, NEW)
    before = server.state()
    stale = server.send(
        "PUT", address, server.merge, data=said, content_type="text/turtle",
        headers={"If-Match": tag},
    )  # fmt: skip
    assert stale.status_code == 412
    there = server.send(
        "PUT", address, server.merge, data=said, content_type="text/turtle",
        headers={"If-None-Match": "*"},
    )  # fmt: skip
    assert there.status_code == 412
    assert server.state() == before
    replaced = server.send(
        "PUT", f"/graph/{NEW}", server.merge, data=note("Third", "new"), content_type="text/turtle"
    )
    assert replaced.status_code == 200
    assert '"Third"@en' in text_of(server, NEW)
    assert '"First"@en' not in text_of(server, NEW)
    assert b'"Third"@en' in server.client.get(address, headers={"Accept": "text/turtle"}).data
    gone = server.send("DELETE", address, server.merge)
    assert gone.status_code == 200, gone.get_data(as_text=True)
    assert not (server.repository.root / NEW).exists()
    assert server.client.get(address).status_code == 404
    assert server.send("DELETE", address, server.merge).status_code == 404
    assert server.is_clean()


@pytest.mark.parametrize(
    "target",
    [
        "default",
        "graph=http://a.example/g",
        "graph=https://w3id.org/migov/graph/inferred",
        "graph=https://w3id.org/migov/graph/data/../shapes/x.ttl",
        "graph=https://w3id.org/migov/graph/shapes/x.ttl",
        "graph=https://w3id.org/migov/graph/data/.git/x.ttl",
        "graph=https://w3id.org/migov/graph/data/%252e%252e/x.ttl",
    ],
)
def test_only_graphs_that_are_files_are_written(server: Writing, target: str) -> None:
    before = server.state()
    for method, more in (
        ("PUT", {"data": note("x"), "content_type": "text/turtle"}),
        ("DELETE", {}),
    ):
        response = server.send(method, f"/graphs?{target}", server.merge, **more)
        assert response.status_code in (400, 403, 404), response.get_data(as_text=True)
    assert server.state() == before


def test_a_patch_of_a_graph_is_an_update_of_it(server: Writing) -> None:
    who = ACTOR.format("who")
    response = server.send(
        "PATCH",
        f"/graphs?graph={graph(WHO)}",
        server.merge,
        data=f'INSERT DATA {{ {who} {LABEL} "By patch"@en }}',
        content_type=UPDATE,
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    assert '"By patch"@en' in text_of(server, WHO)
    assert server.is_clean()


def test_formats_of_rdf_are_read_as_what_they_are(server: Writing) -> None:
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:skos="http://www.w3.org/2004/02/skos/core#"><rdf:Description '
        'rdf:about="https://w3id.org/migov/id/actor/who"><skos:altLabel xml:lang="en">By XML'
        "</skos:altLabel></rdf:Description></rdf:RDF>"
    )
    address = f"/graphs?graph={graph(WHO)}"
    response = server.send(
        "POST", address, server.merge, data=rdf, content_type="application/rdf+xml"
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    assert '"By XML"@en' in text_of(server, WHO)
    before = server.state()
    entity = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{rdf}'
    for content_type, data in (
        ("application/rdf+xml", entity),
        ("application/ld+json", '{"@context": "http://127.0.0.1:1/", "@id": "http://a.example/"}'),
        ("text/plain", note("x")),
        ("", note("x")),
    ):
        refused = server.send("POST", address, server.merge, data=data, content_type=content_type)
        assert refused.status_code in (400, 403, 415)
    assert server.state() == before


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412),
        ({"If-Unmodified-Since": "Fri, 31 Dec 2999 00:00:00 GMT"}, 202),
        ({"If-Unmodified-Since": "yesterday"}, 202),
        ({"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT", "If-Match": "*"}, 202),
    ],
)
def test_a_date_is_a_precondition_where_no_tag_is(
    server: Writing, headers: dict[str, str], expected: int
) -> None:
    answer = server.send(
        "PUT",
        "/graphs",
        server.propose,
        query_string={"graph": graph()},
        data=note("x"),
        content_type="text/turtle",
        headers=headers,
    )
    assert answer.status_code == expected


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi"])
def test_what_a_stranger_sends_is_not_read(server: Writing, authorization: str | None) -> None:
    """Neither its syntax nor its type nor its conditions matter before the token is good."""
    headers = {"If-Match": '"another"'} | (
        {"Authorization": authorization} if authorization else {}
    )
    for method, address, content_type in (
        ("PUT", "/graphs?graph=http://a.example/", "text/turtle"),
        ("POST", "/graphs?graph=http://a.example/", "a/b"),
        ("PATCH", f"/graphs?graph={graph()}", "application/sparql-update"),
        ("POST", "/sparql", "application/sparql-update"),
    ):
        answer = server.client.open(
            address, method=method, data="<broken", content_type=content_type, headers=headers
        )
        assert answer.status_code == 401, (method, address)


def test_a_proposal_is_for_the_state_that_it_names(server: Writing) -> None:
    update = f"DELETE WHERE {{ GRAPH <{graph()}> {{ ?s <urn:none> ?o }} }}"
    digest = server.client.get("/sparql?query=ASK%7B%7D").headers["Migov-Snapshot"]
    for tag, expected in (("x", 412), (digest, 202)):
        answer = server.send(
            "POST",
            "/sparql",
            server.propose,
            data={"update": update},
            headers={"If-Match": f'"{tag}"'},
        )
        assert answer.status_code == expected, answer.get_data(as_text=True)
