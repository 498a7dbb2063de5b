"""`POST /changes?merge=true`: a token, the gate, a commit, and a snapshot that answers at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from json_schema import conforms_to
from migov.access import new_token, revoke_token
from migov.merge import journal, merging
from migov.verdict.render.json import schema
from writing_support import AUTHOR, BAD, ILO, WHO, Writing, graph, note, writing

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writing]:
    with writing(tmp_path_factory.mktemp("merge")) as opened:
        yield opened


def answers(server: Writing, name: str) -> bool:
    response = server.client.get("/sparql", query_string={"query": f'ASK {{ ?s ?p "{name}"@en }}'})
    return bool(response.get_json()["boolean"])


def test_what_conforms_is_committed_and_answers_at_once(server: Writing) -> None:
    parent = server.head().id
    before = server.client.get("/sparql?query=ASK%7B%7D").headers["Migov-Snapshot"]
    response = server.change(note("One more name"), server.merge)
    assert response.status_code == 200, response.get_data(as_text=True)
    verdict = response.get_json()
    conforms_to(schema(), verdict)
    commit = server.head()
    assert commit.parents == [parent]
    assert commit.author == commit.committer == AUTHOR.encode()
    message = commit.message.decode()
    assert message.startswith("Change “International Labour Organization (ILO)” (actor/ilo)\n\n")
    assert f"{ILO}: +1 -0" in message
    assert verdict["merged"]["commit"] == commit.id.decode() == response.headers["Migov-Commit"]
    assert verdict["merged"]["snapshot"] == response.headers["Migov-Snapshot"] != before
    assert "+++ b/" in verdict["patch"]
    assert answers(server, "One more name")
    now = server.client.get("/sparql?query=ASK%7B%7D").headers["Migov-Snapshot"]
    assert now == response.headers["Migov-Snapshot"]
    assert server.is_clean()


def test_a_full_disk_after_the_commit_is_told_as_what_it_is(
    server: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To take it back needs room as well: it has happened, and whoever comes next ends it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    before = server.head().id
    journals = [journal.write_journal, full]
    monkeypatch.setattr(merging, "update_index", full)
    monkeypatch.setattr(merging, "bring_files", full)
    monkeypatch.setattr(merging, "write_journal", lambda *given: journals.pop(0)(*given))
    response = server.change(note("Written when there is room"), server.merge)
    assert response.status_code == 202
    commit = server.head()
    assert commit.parents == [before]
    assert response.headers["Migov-Commit"] == commit.id.decode()
    assert response.get_json()["merged"]["snapshot"] is None
    waiting = server.change(note("Not yet"), server.merge)
    assert waiting.status_code == 500
    assert "could not be settled: [Errno 28]" in waiting.get_json()["detail"]
    assert server.head().id == commit.id
    monkeypatch.undo()
    assert server.change(note("There is room"), server.merge).status_code == 200
    assert answers(server, "Written when there is room")
    assert answers(server, "There is room")
    assert not answers(server, "Not yet")
    assert server.head().parents == [commit.id]
    assert server.is_clean()


def test_the_message_may_come_with_the_change(server: Writing) -> None:
    response = server.change(note("Another"), server.merge, message="Say why\n\nIn détail.")
    assert response.status_code == 200
    assert server.head().message.decode() == "Say why\n\nIn détail.\n"
    response = server.send(
        "POST",
        "/changes",
        server.merge,
        data={"merge": "true", "change": note("Third"), "graph": ILO, "message": "By form"},
        headers={"Accept": "text/plain", "Accept-Language": "fr"},
    )
    assert response.status_code == 200
    assert server.head().message == b"By form\n"
    commit = server.head().id.decode()
    assert f"Fusionné : {commit}, instantané " in response.get_data(as_text=True)
    for bad in ("a\x1b[31mb", "x" * 10_001):
        assert server.change(note("x"), server.merge, message=bad).status_code == 422
    header = {"Migov-Message": "Par un en-tête".encode().decode("latin-1")}
    response = server.send(
        "POST",
        f"/changes?merge=true&file={ILO}",
        server.merge,
        data=note("Fourth"),
        content_type="text/turtle",
        headers=header,
    )
    assert response.status_code == 200
    assert server.head().message.decode() == "Par un en-tête\n"


def test_what_does_not_conform_leaves_nothing_behind(server: Writing) -> None:
    before = server.state()
    for text in (BAD, "actor:ilo"):
        response = server.change(text, server.merge)
        assert response.status_code == 422, response.get_data(as_text=True)
        verdict = response.get_json()
        conforms_to(schema(), verdict)
        assert verdict["conforms"] is False
        assert "merged" not in verdict
        assert "Migov-Commit" not in response.headers
        assert server.state() == before
    assert server.is_clean()


def test_nothing_to_do_is_no_commit(server: Writing) -> None:
    assert server.change(note("Twice"), server.merge).status_code == 200
    before = server.state()
    again = server.change(note("Twice"), server.merge)
    assert again.status_code == 200
    assert again.get_json()["merged"]["commit"] is None
    assert "Migov-Commit" not in again.headers
    assert server.state() == before


def test_without_a_good_token_nothing_is_merged(server: Writing) -> None:
    before = server.state()
    none = server.change(note("x"))
    assert (none.status_code, none.mimetype) == (401, PROBLEM)
    assert none.headers["WWW-Authenticate"] == 'Bearer realm="migov"'
    wrong = server.change(note("x"), "migov_wrong")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    basic = server.send(
        "POST", f"/changes?merge=true&file={ILO}", data=note("x"), content_type="text/turtle",
        headers={"Authorization": "Basic YW5uOnB3"},
    )  # fmt: skip
    assert basic.status_code == 401
    short = server.change(note("x"), server.propose)
    assert short.status_code == 403
    assert 'scope="merge"' in short.headers["WWW-Authenticate"]
    assert "merge" in short.get_json()["detail"]
    assert server.settings.tokens is not None
    gone = new_token(server.settings.tokens, "gone", ["merge"], AUTHOR)
    revoke_token(server.settings.tokens, "gone")
    assert server.change(note("x"), gone).status_code == 401
    assert server.state() == before


def test_tokens_that_became_unsafe_let_nobody_in(server: Writing) -> None:
    assert server.settings.tokens is not None
    server.settings.tokens.chmod(0o644)
    try:
        response = server.change(note("x"), server.merge)
    finally:
        server.settings.tokens.chmod(0o600)
    assert response.status_code == 500
    assert str(server.settings.tokens) not in response.get_data(as_text=True)


def test_a_verdict_needs_no_token_but_looks_at_one(server: Writing) -> None:
    before = server.state()
    query = {"file": ILO}
    for token, status in ((None, 200), (server.propose, 200), ("migov_wrong", 401)):
        response = server.send(
            "POST",
            "/changes",
            token,
            query_string=query,
            data=note("y"),
            content_type="text/turtle",
        )
        assert response.status_code == status
    assert server.state() == before


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"),
        *("ftp://localhost", "localhost"),
    ],
)
def test_a_page_of_another_site_cannot_merge(server: Writing, origin: str) -> None:
    before = server.state()
    response = server.send(
        "POST", f"/changes?merge=true&file={ILO}", server.merge, data=note("x"),
        content_type="text/turtle", headers={"Origin": origin},
    )  # fmt: skip
    assert response.status_code == 403
    assert server.state() == before


@pytest.mark.parametrize(
    ("asked", "origin", "status"),
    [
        ("https://localhost", "http://localhost", 403),  # anybody on the way writes such a page
        ("https://localhost", "https://localhost", 400),
        ("http://localhost", "https://localhost", 400),  # TLS may end at a proxy
    ],
)
def test_a_page_that_came_in_clear_is_of_another_site(
    server: Writing, asked: str, origin: str, status: int
) -> None:
    before = server.state()
    response = server.send(
        "PUT", f"/graphs?graph={graph()}", server.merge, data="no Turtle",
        content_type="text/turtle", headers={"Origin": origin}, base_url=asked,
    )  # fmt: skip
    assert response.status_code == status
    assert server.state() == before


def test_strangers_are_not_offered_to_send_tokens(server: Writing) -> None:
    for path in ("/changes", "/sparql"):
        offered = server.send(
            "OPTIONS",
            path,
            headers={
                "Origin": "http://evil.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            },
        ).headers
        assert "authorization" not in offered["Access-Control-Allow-Headers"].lower()
        assert offered["Access-Control-Allow-Headers"] != "*"
        assert "Access-Control-Allow-Credentials" not in offered
    assert "Set-Cookie" not in server.change(note("x")).headers


def test_a_stale_precondition_changes_nothing(server: Writing) -> None:
    def merged(tag: str, name: str) -> int:
        return server.send(
            "POST", f"/changes?merge=true&file={ILO}", server.merge, data=note(name),
            content_type="text/turtle", headers={"If-Match": tag},
        ).status_code  # fmt: skip

    digest = server.client.get("/sparql?query=ASK%7B%7D").headers["Migov-Snapshot"]
    assert merged(f'"{digest}"', "In time") == 200
    before = server.state()
    assert merged(f'"{digest}"', "Too late") == 412
    assert merged(f'W/"{digest}"', "Weak") == 412
    assert server.state() == before
    assert merged("*", "Any state") == 200


def test_every_format_of_a_change_can_be_merged(server: Writing) -> None:
    names = 'skos:altLabel "{}"@en'
    iri = "<https://w3id.org/migov/id/actor/who>"
    label = "<http://www.w3.org/2004/02/skos/core#altLabel>"
    patch = server.change(note("By patch", "who"), None, merge="false", file=WHO).get_json()
    for content_type, text in (
        ("text/x-patch", patch["patch"]),
        ("application/trig", f'GRAPH <{graph(WHO)}> {{ {iri} {label} "By TriG"@en }}'),
        ("application/n-quads", f'{iri} {label} "By quads"@en <{graph(WHO)}> .\n'),
        ("application/rdf-patch", f'A {iri} {label} "By RDF patch"@en <{graph(WHO)}> .\n'),
        (
            "application/sparql-update",
            f'INSERT DATA {{ GRAPH <{graph(WHO)}> {{ {iri} {label} "By update"@en }} }}',
        ),
    ):
        response = server.send(
            "POST", "/changes?merge=true", server.merge, data=text, content_type=content_type
        )
        assert response.status_code == 200, (content_type, response.get_data(as_text=True))
        assert "Migov-Commit" in response.headers
    content = (server.repository.root / WHO).read_text(encoding="utf-8")
    for name in ("By patch", "By TriG", "By quads", "By RDF patch", "By update"):
        assert names.format(name).partition(" ")[2] in content
    assert server.is_clean()


def test_a_change_that_no_longer_fits_is_a_conflict(server: Writing) -> None:
    before = server.state()
    patch = (
        f"diff --git a/{WHO} b/{WHO}\n--- a/{WHO}\n+++ b/{WHO}\n"
        "@@ -1,1 +1,1 @@\n-# what nobody wrote\n+# something else\n"
    )
    gone = f'D <https://w3id.org/migov/id/actor/who> <http://a.example/p> "gone" <{graph(WHO)}> .\n'
    for content_type, text in (("text/x-patch", patch), ("application/rdf-patch", gone)):
        response = server.send(
            "POST", "/changes?merge=true", server.merge, data=text, content_type=content_type
        )
        assert (response.status_code, response.mimetype) == (409, PROBLEM)
    assert server.state() == before


def test_edits_that_somebody_did_not_commit_stay(server: Writing) -> None:
    path = server.repository.root / ILO
    content = path.read_bytes()
    path.write_bytes(content + b"# mine\n")
    try:
        response = server.change(note("Over edits"), server.merge)
        assert response.status_code == 409
        assert path.read_bytes() == content + b"# mine\n"
    finally:
        path.write_bytes(content)
    assert server.is_clean()


def test_files_that_are_not_the_dataset_s_are_not_merged(server: Writing) -> None:
    before = server.state()
    for path in ("shapes/policy.yaml", "README.md", "../outside.ttl", "queries/x.rq"):
        patch = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
        response = server.send(
            "POST", "/changes?merge=true", server.merge, data=patch + "@@ -0,0 +1 @@\n+x\n",
            content_type="text/x-patch",
        )  # fmt: skip
        assert response.status_code == 403, response.get_data(as_text=True)
    assert server.state() == before
    assert not (server.repository.root.parent / "outside.ttl").exists()


def test_merges_that_wait_leave_threads_to_others(server: Writing) -> None:
    before = server.state()
    places = server.app.extensions["migov.writer"]._places
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    try:
        response = server.change(note("One too many"), server.merge)
    finally:
        for _ in range(taken):
            places.release()
    assert taken == 8
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert server.state() == before


def test_a_browser_sees_a_page(server: Writing) -> None:
    response = server.send(
        "POST",
        "/changes",
        server.merge,
        data={"merge": "true", "change": note("From a page"), "graph": ILO, "format": "html"},
        headers={"Accept": "text/html"},
    )
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert server.head().id.decode() in response.get_data(as_text=True)
    form = server.client.get("/changes", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "merge=true" in form


def test_a_server_without_tokens_merges_nothing(server: Writing, tmp_path: Path) -> None:
    from dataclasses import replace

    from migov.web import create_app

    site = server.app.extensions["migov"]
    reading = create_app(site.published, replace(server.settings, tokens=None))
    response = reading.test_client().post(
        f"/changes?merge=true&file={ILO}",
        data=note("x"),
        content_type="text/turtle",
        headers={"Authorization": f"Bearer {server.merge}"},
    )
    assert response.status_code == 403
    assert response.get_json()["type"].endswith("/not-offered")


def test_a_form_may_be_told_in_the_address_to_be_merged(server: Writing) -> None:
    answer = server.send(
        "POST",
        "/changes",
        server.merge,
        query_string={"merge": "true", "file": ILO, "message": "By a form"},
        data={"change": note("By a form"), "as": "turtle"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert server.head().message == b"By a form\n"


@pytest.mark.parametrize("name", ["marge", "Merge", "flie", "mesage"])
def test_a_misspelt_parameter_is_no_verdict_without_a_word(server: Writing, name: str) -> None:
    before = server.state()
    answer = server.change(note("misspelt"), server.merge, **{name: "true"})
    assert answer.status_code == 400
    assert "Did you mean" in answer.get_json(force=True)["hint"]
    assert server.state() == before
