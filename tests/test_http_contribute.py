"""A new record from a form: the file, the verdict on it, and what cannot be part of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from werkzeug.test import TestResponse

from migov.engine import Published
from migov.settings import Settings
from migov.web import create_app
from migov.web.changes import EXTENSION

PATH = "/contribute/record"
HTML = {"Accept": "text/html"}
NS = "https://w3id.org/migov/ns#"
WHOLE = {
    "publisher": "ilo",
    "document": "003",
    "lines": "1-9",
    "language": "en",
    "record-en": "Safe return – ILO page",
    "record-fr": "Retour sûr – page de l’OIT",
    "summary-en": "What the page says.",
    "summary-fr": "Ce que dit la page.",
    "name-en": "Safe return for all",
    "name-fr": "Retour sûr pour tous",
    "title": "Safe return",
    "type": "programme",
    "start": "2019-06",
    "actor-0": "European Union",
    "role-0": "funder",
    "certainty-0": "stated",
    "wording-0": 'funded "by" \\ EU',
    "mg-theme": ["return-of-skills", "labour-mobility-schemes"],
    "mg-coversPlace": ["mar", "Tunisie"],
    "mg-fundingYear": "2020",
}


@pytest.fixture(scope="module")
def app(current: Published, settings: Settings) -> Iterator[Flask]:
    """An application whose verdicts have the time that a busy machine needs."""
    app = create_app(current, replace(settings, deadline=30.0))
    yield app
    app.extensions[EXTENSION].close()


class Asked(HTMLParser):
    """The names of the fields of a page, each with how many controls it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("name")
        if tag in ("input", "select", "textarea") and name:
            self.found[name] = self.found.get(name, 0) + 1


def sent(client: FlaskClient, **changed: object) -> TestResponse:
    data = {name: value for name, value in {**WHOLE, **changed}.items() if value is not None}
    return client.post(PATH, data=data, headers=HTML)


def file_of(response: TestResponse) -> str:
    found = re.search(r'id="file".*?<pre tabindex="0">(.*?)</pre>', response.text, re.DOTALL)
    assert found, response.text
    return html.unescape(found[1])


class TestForm:
    def test_made_from_the_shapes(self, client: FlaskClient) -> None:
        response = client.get(PATH, headers=HTML)
        asked = Asked(response.text).found
        assert asked["mg-theme"] > 20
        assert {"publisher", "document", "lines", "mg-status", "mg-originPlace"} <= set(asked)
        assert "mg-budget" not in asked
        assert "organisation of data/actors" in response.text
        assert len(response.data) < 100_000
        french = client.get(f"{PATH}?lang=fr", headers=HTML).text
        assert "organisation de data/actors" in french

    def test_whole_record_conforms(self, client: FlaskClient) -> None:
        response = sent(client)
        assert response.status_code == 200, re.findall(
            r'role="alert".*?</div>', response.text, re.S
        )
        assert "Conforms</h2>" in response.text, response.text
        text = file_of(response)
        path = "data/records/ilo/safe-return-for-all.ttl"
        assert path in response.text
        triples = list(parse(text, format=RdfFormat.TURTLE))
        subject = NamedNode("https://w3id.org/migov/id/initiative/safe-return-for-all")
        held = {(each.predicate.value, each.object) for each in triples if each.subject == subject}
        place = "https://w3id.org/migov/id/place/"
        assert (NS + "coversPlace", NamedNode(place + "mar")) in held
        assert (NS + "coversPlace", NamedNode(place + "tun")) in held
        wordings = [each.object for each in triples if each.predicate.value == NS + "wording"]
        assert wordings == [Literal('funded "by" \\ EU', language="en")]
        assert f"git add {path}" in response.text

    def test_the_file_alone(self, client: FlaskClient) -> None:
        response = sent(client, **{"as": "file"})
        assert response.content_type == "text/turtle; charset=utf-8"
        assert response.headers["Content-Disposition"] == (
            "attachment; filename=safe-return-for-all.ttl"
        )
        assert response.text == file_of(sent(client))

    def test_what_is_missing_is_a_blank_that_the_verdict_names(self, client: FlaskClient) -> None:
        response = sent(client, **{"summary-fr": None})
        assert "Does not conform</h2>" in response.text
        assert "FILL:" in file_of(response)

    def test_one_more_record_of_a_known_initiative(self, client: FlaskClient) -> None:
        text = file_of(sent(client, about="thamm", slug="thamm-again", type="programme"))
        assert "initiative:thamm dcterms:title" in text
        assert "@base <https://w3id.org/migov/graph/data/records/ilo/thamm-again.ttl>" in text

    def test_a_likely_duplicate_is_told(self, client: FlaskClient) -> None:
        name = "THAMM – Labour Migration Governance and Labour Mobility in North Africa"
        response = sent(client, slug="thamm-north-africa", **{"name-en": name})
        assert "likely-duplicate" in response.text


class TestWrong:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"publisher": "nobody at all"}, "Not in this graph"),
            ({"mg-theme": "nothing"}, "Not in this graph"),
            ({"publisher": ""}, "A record needs its publisher"),
            ({"lines": "40-x"}, "does not name lines"),
            ({"lines": "99999"}, "has no lines"),
            ({"start": "soon"}, "is not a date"),
            ({"slug": "thamm"}, "exists already"),
            ({"slug": "../../x"}, "is not a slug"),
            ({"slug": "x> . <a> <b> <c"}, "is not a slug"),
            ({"about": "thamm", "slug": "../x"}, "is not a slug"),
            ({"about": "thamm", "record-en": ""}, "is not a slug"),
            ({"type": "no-such-type"}, "There is no initiative-type:no-such-type"),
            ({"title": "x" * 6000}, "more than 5,000 characters"),
        ],
    )
    def test_values(self, client: FlaskClient, changed: dict[str, object], said: str) -> None:
        response = sent(client, **changed)
        assert response.status_code == 422
        assert said in html.unescape(response.text)
        assert 'id="file"' not in response.text

    @pytest.mark.parametrize(
        "text", ['"@en . <a:b> <c:d> <e:f>', "\\", "</pre><b>x", "a\nb\tc", "‮"]
    )
    def test_texts_stay_texts(self, client: FlaskClient, text: str) -> None:
        response = sent(client, title=text, **{"as": "file"})
        triples = list(parse(response.text, format=RdfFormat.TURTLE))
        titles = {each.object.value for each in triples if isinstance(each.object, Literal)}
        assert " ".join(text.split()) in titles
        assert not any("a:b" in str(each.subject) for each in triples)
        assert "<b>x" not in sent(client, title=text, slug="thamm").text
