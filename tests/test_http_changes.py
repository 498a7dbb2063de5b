"""`/changes`: a verdict over HTTP, from a process that may be killed; nothing is stored."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from json_schema import conforms_to
from migov.engine import Published
from migov.settings import Settings
from migov.verdict.asked import Verdicts
from migov.verdict.render.json import schema
from migov.web import create_app
from migov.web.changes import EXTENSION

HEAD = (
    "@prefix actor: <https://w3id.org/migov/id/actor/> .\n"
    "@prefix mg: <https://w3id.org/migov/ns#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
)
GOOD = HEAD + 'actor:ilo skos:altLabel "Bureau of everything"@en .\n'
BAD = HEAD + "actor:ilo mg:unitOf actor:icpmd .\n"
PATH = "data/actors/ilo.ttl"
GRAPH = f"https://w3id.org/migov/graph/{PATH}"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def own(
    settings: Settings, current: Published, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A cache of this module's own, so that it can see what is left in it."""
    assert current.edition.snapshot.quads.is_relative_to(settings.cache)
    cache = tmp_path_factory.mktemp("proposals")
    ignored = shutil.ignore_patterns(".*")
    shutil.copytree(settings.cache, cache, dirs_exist_ok=True, ignore=ignored)
    return replace(settings, cache=cache)


@pytest.fixture(scope="module")
def checking(current: Published, own: Settings) -> Iterator[Flask]:
    """An application whose verdicts have the time that a busy machine needs."""
    app = create_app(current, replace(own, deadline=30.0))
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture
def changes(checking: Flask) -> FlaskClient:
    return checking.test_client()


def files(root: Path) -> dict[str, str]:
    folders = [root / name for name in ("data", "ontology", "shapes", "queries")]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_good_change_conforms_and_leaves_nothing_behind(
    changes: FlaskClient, current: Published, own: Settings
) -> None:
    before = files(current.repository.root)
    response = changes.post(
        "/changes", query_string={"graph": GRAPH}, data=GOOD, content_type="text/turtle"
    )
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    verdict = response.get_json()
    conforms_to(schema(), verdict)
    assert verdict["conforms"] is True
    assert verdict["change"]["files"] == [PATH]
    assert [entity["iri"] for entity in verdict["change"]["entities"]["changed"]] == [
        "https://w3id.org/migov/id/actor/ilo"
    ]
    assert "+" in verdict["patch"]
    assert f"+++ b/{PATH}" in verdict["patch"]
    assert "Bureau of everything" in verdict["patch"]
    assert files(current.repository.root) == before
    assert not list(own.cache.glob(".proposal-*"))


def test_findings_have_a_place_in_the_file_that_would_be(changes: FlaskClient) -> None:
    response = changes.post(
        "/changes", query_string={"file": PATH}, data=BAD, content_type="text/turtle"
    )
    verdict = response.get_json()
    assert verdict["conforms"] is False
    (found,) = [each for each in verdict["introduced"] if each["rule"] == "migov:dangling-iri"]
    place = found["place"]
    assert place["file"] == PATH
    assert place["text"][place["column"] - 1 :].startswith("actor:icpmd")
    assert any(edit["new"] == "actor:icmpd" for edit in found["edits"])


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("application/trig", f"GRAPH <{GRAPH}> {{ <{GRAPH}> <http://a.example/p> 1 }}"),
        ("application/n-quads", f'<{GRAPH}> <http://a.example/p> "1" <{GRAPH}> .\n'),
        ("application/rdf-patch", f'A <{GRAPH}> <http://a.example/p> "1" <{GRAPH}> .\n'),
        (
            "application/sparql-update",
            f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <{GRAPH}> <http://a.example/p> 1 }} }}",
        ),
    ],
)
def test_every_format_of_a_change(changes: FlaskClient, content_type: str, text: str) -> None:
    verdict = changes.post("/changes", data=text, content_type=content_type).get_json()
    assert verdict["change"]["files"] == [PATH], verdict
    (graph,) = verdict["change"]["graphs"]
    assert len(graph["added"]) == 1
    assert "http://a.example/p" in graph["added"][0]


def test_a_patch_that_came_back_can_be_sent_again(changes: FlaskClient) -> None:
    first = changes.post(
        "/changes", query_string={"file": PATH}, data=GOOD, content_type="text/turtle"
    ).get_json()
    second = changes.post("/changes", data=first["patch"], content_type="text/x-patch").get_json()
    assert second["patch"] == first["patch"]
    assert second["change"]["graphs"] == first["change"]["graphs"]


def test_the_verdict_comes_as_it_is_asked_for(changes: FlaskClient) -> None:
    for accept, media_type, start in (
        ("text/plain", "text/plain", "The change"),
        ("text/markdown", "text/markdown", "## ❌"),
        ("text/html", "text/html", "<!doctype html>"),
        ("application/sarif+json", "application/sarif+json", "{"),
    ):
        response = changes.post(
            "/changes",
            query_string={"file": PATH},
            data=BAD,
            content_type="text/turtle",
            headers={"Accept": accept},
        )
        assert response.status_code == 200
        assert response.mimetype == media_type
        assert response.get_data(as_text=True).startswith(start)
    french = changes.post(
        "/changes",
        query_string={"file": PATH, "lang": "fr", "format": "text"},
        data=BAD,
        content_type="text/turtle",
    )
    assert "Non conforme" in french.get_data(as_text=True)


def test_a_syntax_error_is_a_finding_with_its_line(changes: FlaskClient) -> None:
    response = changes.post(
        "/changes",
        query_string={"file": PATH},
        data=HEAD + "actor:ilo skos:altLabel .\n",
        content_type="text/turtle",
    )
    verdict = response.get_json()
    assert response.status_code == 200
    assert verdict["conforms"] is False
    (found,) = verdict["introduced"]
    assert (found["rule"], found["place"]["line"]) == ("migov:syntax", 4)


def test_what_cannot_be_checked_is_a_problem(changes: FlaskClient) -> None:
    for query, data, content_type, status in (
        ({}, GOOD, "text/turtle", 422),
        ({"graph": "http://a.example/g"}, GOOD, "text/turtle", 403),
        ({"file": "data/../x.ttl"}, GOOD, "text/turtle", 403),
        ({"file": PATH}, GOOD, "image/png", 415),
        ({"file": PATH}, "", "text/turtle", 422),
        ({"file": PATH}, "x" * 3_000_000, "text/turtle", 413),
    ):
        response = changes.post(
            "/changes", query_string=query, data=data, content_type=content_type
        )
        assert response.status_code == status, response.get_data(as_text=True)
        assert response.mimetype == PROBLEM


def test_what_runs_too_long_or_crashes_harms_nobody(current: Published, own: Settings) -> None:
    from migov.errors import DeadlineError, MigovError
    from migov.verdict.asked import Proposal

    hurried = Verdicts(current.repository, replace(own, deadline=0.01))
    with pytest.raises(DeadlineError):
        hurried.ask(Proposal(GOOD.encode(), "turtle", "json", target=PATH))
    hurried.close()
    patient = Verdicts(current.repository, replace(own, deadline=30.0))
    deep = HEAD + "actor:ilo mg:about " + "[ mg:about " * 60_000 + "1" + " ]" * 60_000 + " ."
    try:
        with pytest.raises(MigovError):
            patient.ask(Proposal(deep.encode(), "turtle", "json", target=PATH))
        assert patient.ask(Proposal(GOOD.encode(), "turtle", "json", target=PATH))[0]
    finally:
        patient.close()
    assert not list(own.cache.glob(".proposal-*"))


def test_the_page_works_without_javascript(changes: FlaskClient) -> None:
    page = changes.get("/changes", headers={"Accept": "text/html"})
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert (
        '<form class="query" method="post" action="/changes" enctype="multipart/form-data">' in text
    )
    assert "<script>" not in text
    answer = changes.post(
        "/changes",
        data={"change": BAD, "as": "turtle", "graph": PATH, "format": "html"},
        headers={"Accept": "text/html"},
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Does not conform" in text
    assert "actor:icpmd" in text
    hostile = changes.post(
        "/changes",
        data={"change": "<script>alert(1)</script>", "graph": PATH, "format": "html"},
        headers={"Accept": "text/html"},
    )
    assert "<script>" not in hostile.get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "given"), [("proposal.ttl", "patch"), ("PROPOSAL.TTL", "turtle"), ("notes", "turtle")]
)
def test_an_uploaded_file(changes: FlaskClient, name: str, given: str) -> None:
    """The suffix of a file says what it is, and a file goes before what was pasted."""
    response = changes.post(
        "/changes",
        data={
            "change": "no turtle at all {",
            "as": given,
            "graph": PATH,
            "format": "html",
            "upload": (io.BytesIO(BAD.encode()), name),
        },
        content_type="multipart/form-data",
        headers={"Accept": "text/html"},
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    assert "Does not conform" in response.get_data(as_text=True)


def test_a_form_without_a_file_takes_what_was_pasted(changes: FlaskClient) -> None:
    response = changes.post(
        "/changes",
        data={"change": BAD, "as": "turtle", "graph": PATH, "upload": (io.BytesIO(b""), "")},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )
    assert response.get_json()["conforms"] is False
    nothing = changes.post(
        "/changes",
        data={"change": " ", "as": "turtle", "graph": PATH},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )
    assert nothing.status_code == 422
