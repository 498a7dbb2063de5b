"""`/links/review`: candidates decided on a page or by a program, checked, merged."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from change_support import ROOT, commit, small_repository
from migov.dataset import ContentFile
from migov.dataset.mappings import read_mappings
from writing_support import Writing, serving

HTML = {"Accept": "text/html"}
ID = "https://w3id.org/migov/id/"
BASE = "http://example.org/body/"
SET = "data/mappings/bodies.sssom.tsv"


def candidate(subject: str, object_: str, **more: Any) -> dict[str, Any]:
    return {
        "subject": f"{ID}actor/{subject}",
        "object": BASE + object_,
        "name": f"Body {object_}",
        "score": 93.5,
        "certain": False,
        "rivals": [f"{BASE}B9"],
        "features": [{"name": "name", "points": 93.5, "seen": "a ~ b"}],
        "about": {"name": [f"Body {object_}"], "acronym": ["B"]},
        "target": {"name": "Bodies", "version": "1", "scheme": "bodies", "namespace": BASE},
        **more,
    }


CANDIDATES = [candidate("ilo", "B1"), candidate("who", "B2"), candidate("who", "B3")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writing]:
    folder = tmp_path_factory.mktemp("review")
    repository = small_repository(folder / "checkout")
    shutil.copytree(ROOT / "ontology", repository.ontology, dirs_exist_ok=True)
    commit(repository.root, "Add the ontology")
    with serving(repository, folder) as found:
        yield found


def form(candidates: list[dict[str, Any]], **fields: str) -> dict[str, str]:
    pairs = {
        f"pair-{number}": f"{each['subject']} {each['object']}"
        for number, each in enumerate(candidates, 1)
    }
    return {"list": json.dumps(candidates), "format": "html", **pairs, **fields}


def page(client: FlaskClient, fields: dict[str, Any], **more: str) -> TestResponse:
    return client.post("/links/review", data=fields, headers={**HTML, **more})


def programs(server: Writing, token: str | None = None, **document: Any) -> TestResponse:
    query = {"merge": "true"} if token else {}
    return server.send("POST", "/links/review", token, query_string=query, json=document)


def test_a_list_is_shown_with_both_sides_and_reasons(client: FlaskClient) -> None:
    hostile = candidate("ilo", "B4", name="<script>alert(1)</script>")
    response = page(client, form([*CANDIDATES, hostile]))
    text = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "4 candidates" in text
    assert "International Labour Organization" in text
    assert "name +93.5 (a ~ b)" in text
    assert f"{BASE}B9" in text
    assert "<script>" not in text
    assert len(re.findall(r'<select name="decision-\d">', text)) == 4
    french = client.post("/links/review?lang=fr", data=form(CANDIDATES), headers=HTML)
    assert "S’agit-il de la même chose" in french.get_data(as_text=True)


def test_a_file_of_candidates_is_shown_too(client: FlaskClient) -> None:
    from io import BytesIO

    content = json.dumps(CANDIDATES).encode()
    fields = {"format": "html", "list": "", "file": (BytesIO(content), "candidates.json")}
    assert "3 candidates" in page(client, fields).get_data(as_text=True)


def test_without_a_token_decisions_come_back_as_rows_with_a_verdict(server: Writing) -> None:
    before = server.state()
    fields = form(
        CANDIDATES,
        **{"decision-1": "accept", "reason-1": "Same name", "decision-2": "reject"},
        **{"reason-2": "<b>Another</b>", "reviewer": "A Reviewer"},
    )
    response = page(server.client, fields)
    text = response.get_data(as_text=True)
    assert response.status_code == 200, text
    assert ">Conforms</h2>" in text
    row = (
        "actor:ilo\tInternational Labour Organization (ILO)\tschema:sameAs\t\tbodies:B1\tBody B1\t"
    )
    assert row in text
    assert "Same name (Bodies 1, score 93.5: name +93.5)" in text
    assert "&lt;b&gt;Another&lt;/b&gt; (Bodies 1" in text
    assert 'value="Same name"' in text  # nothing has to be typed again
    assert server.state() == before
    as_json = programs(
        server, reviewer="A Reviewer",
        candidates=[{**CANDIDATES[0], "decision": "accept", "reason": "Same name"}],
    )  # fmt: skip
    assert as_json.status_code == 200
    assert as_json.get_json()["conforms"] is True
    assert as_json.get_json()["patch"].startswith(f"diff --git a/{SET} b/{SET}\n")


def test_a_token_merges_what_conforms_and_nothing_else(server: Writing) -> None:
    before = server.state()
    both = [{**each, "decision": "accept", "reason": "Same"} for each in CANDIDATES[1:]]
    refused = programs(server, server.merge, reviewer="R", candidates=both)
    assert refused.status_code == 422
    assert "migov:mapping-one-to-one" in {each["rule"] for each in refused.get_json()["introduced"]}
    assert server.state() == before
    assert programs(server, server.propose, candidates=both).status_code == 403
    assert programs(server, "migov_wrong", candidates=both).status_code == 401

    fields = form(
        CANDIDATES,
        **{"decision-1": "accept", "reason-1": "Same", "decision-3": "unsure", "reason-3": "Maybe"},
        access_token=server.merge,
        merge="true",
    )
    foreign = page(server.client, fields, Origin="https://elsewhere.example")
    assert foreign.status_code == 403
    assert server.state() == before
    without = {name: value for name, value in fields.items() if name != "access_token"}
    without["reviewer"] = "R"
    address = {"access_token": server.merge}  # it would stand in logs
    assert server.client.post("/links/review", query_string=address, data=without,
                              headers=HTML).status_code == 401  # fmt: skip
    assert server.state() == before
    merged = page(server.client, fields)
    text = merged.get_data(as_text=True)
    assert merged.status_code == 200, text
    assert "Merged, and published:" in text
    assert server.merge not in text
    assert server.is_clean()
    assert server.head().message == b"Review links: 2 decided\n"
    content = (server.repository.root / SET).read_bytes()
    accepted, left = read_mappings(ContentFile(SET, content)).mappings
    assert (accepted.holds, accepted.reviewer, left.is_open) == (True, "Ann Author", True)

    shown = server.client.get("/links/review", headers=HTML).get_data(as_text=True)
    assert "Questions that somebody left open" in shown
    assert f"{left.subject} {left.object}" in shown
    assert f"{accepted.subject} {accepted.object}" not in shown
    decided = page(
        server.client,
        {"format": "html", "pair-1": f"{left.subject} {left.object}", "decision-1": "reject",
         "reason-1": "Another body", "access_token": server.merge, "merge": "true"},
    )  # fmt: skip
    assert "Merged, and published:" in decided.get_data(as_text=True)
    stale = page(
        server.client,
        {"format": "html", "list": json.dumps(CANDIDATES), "pair-1": "x y", "decision-1": "reject"},
    )
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is not JSON: Expecting value in line 1"),
        ("[" * 100_000, "nests too deeply"),
        ("{}", "JSON, and no list"),
        ("[]", "has no candidates"),
        (json.dumps([{}]), "Candidate 1 of the list does not fit: KeyError"),
        (json.dumps([CANDIDATES[0], 5]), "Candidate 2 of the list does not fit"),
        (json.dumps([candidate("ilo", "B1", object="http://other.example/1")]), "the namespace"),
        (json.dumps([candidate("ilo", "B 1")]), "Candidate 1 of the list does not fit"),
        (json.dumps([candidate("ilo", "B1", object="javascript:alert(1)")]), "no IRI of the web"),
        (json.dumps([candidate("ilo", "B1", about={"name": [1]})]), "is no text"),
        (json.dumps(CANDIDATES * 200), "it may have 500"),
    ],
)
def test_a_list_that_does_not_fit_says_where(client: FlaskClient, text: str, said: str) -> None:
    response = page(client, {"list": text, "format": "html"})
    assert response.status_code == 422
    assert said in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "no list candidates"),
        ({"candidates": [CANDIDATES[0]], "reviewer": "R"}, "Nothing was decided"),
        ({"candidates": [{**CANDIDATES[0], "decision": "yes"}]}, "“yes” is no decision"),
        ({"candidates": [{**CANDIDATES[0], "decision": "accept", "reason": "x"}]}, "not named"),
        (
            {"candidates": [{**CANDIDATES[0], "decision": "accept"}], "reviewer": "R"},
            "There is no reason",
        ),
        (
            {
                "candidates": [
                    candidate(
                        "ilo", "B1", decision="accept", reason="x",
                        target={**CANDIDATES[0]["target"], "scheme": "../x"},
                    )
                ],
                "reviewer": "R",
            },
            "cannot name a mapping set",
        ),
    ],
)  # fmt: skip
def test_decisions_that_do_not_fit_are_one_clear_problem(
    client: FlaskClient, document: Any, said: str
) -> None:
    response = client.post("/links/review", json=document)
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert said in response.get_data(as_text=True)


def test_a_merge_where_nothing_is_merged_is_refused(client: FlaskClient) -> None:
    made = [{**CANDIDATES[0], "decision": "accept", "reason": "x"}]
    response = client.post("/links/review?merge=true", json={"candidates": made, "reviewer": "R"})
    assert response.status_code == 403
