"""What holds for every page: weight, what it tells programs, and harmless hostile labels."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import pytest
from flask.testing import FlaskClient

from conftest import ROOT
from migov.engine.published import published
from migov.repository import Repository
from migov.settings import Settings
from migov.web import create_app

HTML = {"Accept": "text/html"}
PAGES = (
    "/",
    "/initiatives",
    "/initiatives?country=mar",
    "/actors",
    "/countries",
    "/events",
    "/records",
    "/queries",
    "/queries/initiatives-of-country?country=",
    "/queries/country-codes",
    "/queries/global-compact-by-country",
    "/queries/actor-network",
    "/queries/what-is-not-stated",
    "/search?q=migration",
    "/id/initiative/thamm",
    "/id/actor/ilo",
    "/id/place/mar",
    "/id/place/m49-002",
    "/concept/role",
    "/concept/theme",
    "/ns",
    "/ns/Country",
    "/graph",
    "/graph/data/records/gfmd/thamm.ttl",
    "/sparql",
    "/changes",
    "/nothing",
)
MARKUP = "</script><img src=x onerror=alert(1)><b>bold</b>"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe \N{HEBREW LETTER ALEF}\N{ARABIC LETTER BEH}"
LONG = "Unbreakable" * 400


class Page(HTMLParser):
    """What stands in a page: its elements, the addresses it leads to, and its data blocks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.leads: list[str] = []
        self.inline: list[str] = []
        self.data: list[str] = []
        self._data = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.leads.append(value or "")
            if name.startswith("on") or name == "style":
                self.inline.append(name)
        self._data = tag == "script" and ("type", "application/ld+json") in attrs

    def handle_data(self, data: str) -> None:
        if self._data:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._data = False


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_and_says_what_it_is(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=HTML)
    assert len(response.data) < 100_000
    text = response.get_data(as_text=True)
    page = Page(text)
    assert page.tags.count("h1") == 1
    assert not page.inline
    for name in ("og:title", "og:description", "og:url", "og:locale"):
        assert re.search(f'<meta property="{name}" content="[^"]+">', text), name
    assert '<link rel="alternate" hreflang="fr" href="' in text
    assert '<html lang="en">' in text


def test_what_a_page_says_of_a_thing_in_schema_org(client: FlaskClient) -> None:
    def of(path: str) -> dict[str, Any]:
        (data,) = Page(client.get(path, headers=HTML).get_data(as_text=True)).data
        found: dict[str, Any] = json.loads(data)
        return found

    thamm = of("/id/initiative/thamm")
    assert thamm["@type"] == "Project"
    assert thamm["@id"] == "https://w3id.org/migov/id/initiative/thamm"
    assert {"@id": "https://w3id.org/migov/id/actor/european-union", "name": "European Union"} in (
        thamm["funder"]
    )
    assert {name["@language"] for name in thamm["name"]} == {"en", "fr"}
    ilo = of("/id/actor/ilo")
    assert ilo["@type"] == "Organization"
    assert any("wikidata" in same for same in ilo["sameAs"])
    assert of("/id/place/mar")["@type"] == "Country"
    event = of("/id/event/thamm-launch-morocco")
    assert (event["@type"], event["startDate"]) == ("Event", ["2020-10-14"])
    assert of("/concept/role/funder")["@type"] == "DefinedTerm"


def test_a_sitemap_and_what_robots_may(client: FlaskClient) -> None:
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    where = re.search(r"^Sitemap: (.*)$", robots.get_data(as_text=True), re.MULTILINE)
    assert where
    root = Xml.fromstring(client.get(where[1]).data)
    addresses = [element.text or "" for element in root.iter() if element.tag.endswith("}loc")]
    assert len(addresses) == len(set(addresses)) > 350
    for path in ("/id/initiative/thamm", "/id/place/mar", "/queries/actor-network", "/actors"):
        assert f"http://localhost{path}" in addresses
    for address in addresses[::40]:
        assert client.get(address, headers=HTML).status_code == 200, address


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, root / name)
    actors = "\n".join(
        f"""actor:hostile-{number} a mg:Organisation ;
          skos:prefLabel {json.dumps(label)}@en , {json.dumps(label)}@fr ;
          schema:sameAs <javascript:alert({number})> , <data:text/html,{number}> ;
          foaf:page <javascript:alert({number})> ."""
        for number, label in enumerate((MARKUP, RIGHT_TO_LEFT, LONG))
    )
    (root / "data/actors/hostile.ttl").write_text(
        f"""@base <https://w3id.org/migov/graph/data/actors/hostile.ttl> .
        @prefix actor: <https://w3id.org/migov/id/actor/> .
        @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> .
        @prefix mg: <https://w3id.org/migov/ns#> .
        @prefix schema: <https://schema.org/> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <> a mg:CuratedGraph ; dcterms:title {json.dumps(MARKUP)}@en .
        {actors}
        """,
        encoding="utf-8",
    )
    return root


@pytest.fixture(scope="module")
def hostile(root: Path, settings: Settings) -> Iterator[FlaskClient]:
    plain = replace(settings, inference="off", watch=0.0)
    with published(Repository(root), plain) as opened:
        yield create_app(opened, plain).test_client()


class TestHostileLabels:
    @pytest.mark.parametrize(
        "path",
        [
            "/actors?sort=name&limit=200",
            "/actors?class=Organisation&limit=200",
            "/id/actor/hostile-0",
            "/id/actor/hostile-1",
            "/id/actor/hostile-2",
            "/graph",
            "/graph/data/actors/hostile.ttl",
            "/search?q=onerror",
            f"/search?q={quote(MARKUP)}",
            "/queries/names-in-two-languages",
            "/sparql?query=SELECT%20*%20%7B%20%3Fs%20foaf%3Apage%20%3Fo%20%7D",
            "/sparql?query=SELECT%20*%20%7B%20actor%3Ahostile-0%20%3Fp%20%3Fo%20%7D",
        ],
    )
    def test_they_are_only_ever_text(self, hostile: FlaskClient, path: str) -> None:
        response = hostile.get(path, headers=HTML)
        assert response.status_code == 200
        text = response.get_data(as_text=True)
        page = Page(text)
        assert not {"img", "b", "iframe"} & set(page.tags)
        assert not page.inline
        assert not [to for to in page.leads if re.match(r"(?i)\s*(javascript|data:text)", to)]
        for data in page.data:
            assert json.loads(data)["@context"] == "https://schema.org"

    def test_names_keep_their_direction_to_themselves(self, hostile: FlaskClient) -> None:
        text = hostile.get("/id/actor/hostile-1", headers=HTML).get_data(as_text=True)
        assert re.search(r'<h1 lang="en" dir="auto">[^<]*\u05d0', text)

    def test_feeds_and_suggestions(self, hostile: FlaskClient) -> None:
        feed = Xml.fromstring(hostile.get("/actors.atom?class=Organisation").data)
        assert feed.tag.endswith("feed")
        found = hostile.get("/suggest?q=onerror").get_json()["suggestions"]
        assert found[0]["label"] == MARKUP
        assert found[0]["url"] == "/id/actor/hostile-0"
