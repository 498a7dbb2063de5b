"""What the SPARQL editor asks for over HTTP, and the form that it makes more of."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from conftest import ROOT

HTML = {"Accept": "text/html"}
BROWSER = ROOT / "server" / "browser"
STATIC = ROOT / "server" / "migov" / "web" / "static"


class TestTerms:
    def test_own_and_other_terms(self, client: FlaskClient) -> None:
        document = client.get("/sparql/terms").get_json()
        assert document["prefixes"]["mg"] == "https://w3id.org/migov/ns#"
        terms = {entry["iri"]: entry for entry in document["terms"]}
        covers = terms["https://w3id.org/migov/ns#coversPlace"]
        assert (covers["kind"], covers["about"][:1] != "") == ("property", True)
        assert terms["https://w3id.org/migov/ns#Initiative"]["kind"] == "class"
        assert terms["http://www.w3.org/2004/02/skos/core#prefLabel"]["kind"] == "property"
        assert terms["https://w3id.org/migov/concept/role/funder"]["label"] == "funder"
        french = client.get("/sparql/terms?lang=fr").get_json()
        assert {entry["label"] for entry in french["terms"]} != {
            entry["label"] for entry in document["terms"]
        }


class TestUnknown:
    def ask(self, client: FlaskClient, query: str, **more: str) -> list[dict[str, object]]:
        response = client.get("/sparql/unknown", query_string={"query": query, **more})
        assert response.status_code == 200, response.data
        found: list[dict[str, object]] = response.get_json()["unknown"]
        return found

    def test_place_and_better_ones(self, client: FlaskClient) -> None:
        (term,) = self.ask(client, "SELECT *\n{ ?i a mg:Program }")
        assert (term["line"], term["column"], term["text"]) == (2, 8, "mg:Program")
        assert {"text": "mg:Programme", "label": "Programme"} in term["instead"]  # type: ignore[operator]
        (french,) = self.ask(client, "ASK { ?i a mg:Program }", lang="fr")
        assert french["why"] != term["why"]

    @pytest.mark.parametrize("text", ["", "ASK {", "SELECT", "ASK { ?s a mg:Country }", "}" * 50])
    def test_nothing_to_say(self, client: FlaskClient, text: str) -> None:
        assert self.ask(client, text) == []

    @pytest.mark.parametrize(
        ("text", "status"), [("ASK {" + "{" * 3000, 400), ("# " + "x" * 200_000, 413)]
    )
    def test_what_is_too_much(self, client: FlaskClient, text: str, status: int) -> None:
        response = client.get("/sparql/unknown", query_string={"query": text})
        assert response.status_code == status
        assert response.content_type == "application/problem+json"


class TestForm:
    def test_example(self, client: FlaskClient) -> None:
        text = client.get("/sparql?example=budgets", headers=HTML).get_data(as_text=True)
        assert "mg:budget ?sum" in text
        assert '<option value="budgets" selected' in text
        assert 'id="answer"' not in text
        assert client.get("/sparql?example=nothing", headers=HTML).status_code == 404

    def test_the_script_is_on_this_page_alone(self, client: FlaskClient) -> None:
        assert b"sparql.js" in client.get("/sparql", headers=HTML).data
        for path in ("/", "/queries", "/ns"):
            assert b"sparql.js" not in client.get(path, headers=HTML).data

    def test_the_script_is_sent_in_gzip(self, client: FlaskClient) -> None:
        response = client.get(
            "/static/sparql.js", headers={"Accept-Encoding": "gzip"}, buffered=True
        )
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.data) == (STATIC / "sparql.js").read_bytes()
        assert len(response.data) < 130_000
        plain = client.get("/static/sparql.js", buffered=True)
        assert plain.data == (STATIC / "sparql.js").read_bytes()
        assert plain.headers["ETag"] != response.headers["ETag"]


@pytest.mark.needs("npm")
def test_the_bundle_is_what_its_sources_give(tmp_path: Path) -> None:
    """Byte for byte, with the packages of the lock file."""
    work, made = tmp_path / "browser", tmp_path / "static"
    made.mkdir()
    shutil.copytree(BROWSER, work, ignore=shutil.ignore_patterns("node_modules"))
    if (BROWSER / "node_modules" / "esbuild").is_dir():
        (work / "node_modules").symlink_to(BROWSER / "node_modules")
    else:
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
        subprocess.run(["npm", "ci", *quiet], cwd=work, check=True, capture_output=True)
    subprocess.run(["node", "bundle.mjs", str(made)], cwd=work, check=True, capture_output=True)
    names = sorted(path.name for path in made.iterdir())
    assert names == ["sparql.js", "sparql.js.LICENSE.txt"]
    for name in names:
        assert (made / name).read_bytes() == (STATIC / name).read_bytes(), "run make assets"
    manifest = json.loads((BROWSER / "package.json").read_text())
    assert all(
        f"{name} " in (made / names[1]).read_text()
        for name in manifest["devDependencies"]
        if name.startswith(("@codemirror", "@lezer"))
    )
