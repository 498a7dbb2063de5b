"""The form of a new record filled in, sent, and read from the page that comes back.

A module takes the fixture by giving it a name of its own: `app = contribute_support.app`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from migov.engine import Published
from migov.settings import Settings
from migov.web import create_app
from migov.web.changes import EXTENSION

PATH = "/contribute/record"
HTML = {"Accept": "text/html"}
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
    "participation-0-mg-actor": "European Union",
    "participation-0-mg-role": "funder",
    "participation-0-mg-certainty": "stated",
    "participation-0-mg-wording": 'funded "by" \\ EU',
    "mg-theme": ["return-of-skills", "labour-mobility-schemes"],
    "mg-coversPlace": ["mar", "Tunisie"],
    "mg-fundingYear": "2020",
}
PARTS = {
    "at": "3",
    "mg-acronym": "SRA",
    "skos-altLabel": "Return",
    "mg-submitter": "2",
    "foaf-page": "https://www.ilo.org/x",
    "mg-references": ["agenda-2030", "sdg/8"],
    "filed-0-mg-scheme": "gfmd-ppd",
    "filed-0-mg-value": "99332",
    "filed-0-mg-evidence": "Address of the entry",
    "mg-budget-0-mg-amount": "1 500.50",
    "mg-budget-0-mg-currency": "USD",
    "mg-budget-0-mg-locator": "5",
    "mg-hasOutput-0-label-en": "Three studies",
    "mg-hasOutput-0-label-fr": "Trois études",
    "mg-hasOutput-0-dcterms-type": "study",
    "mg-hasOutput-0-mg-statedNumber": "3",
    "mg-hasOutput-1-label-en": "A platform",
    "mg-hasOutput-1-label-fr": "Une plateforme",
    "mg-hasOutput-1-dcterms-type": "platform",
    "mg-hasOutput-1-mg-certainty": "ambiguous",
    "mg-hasOutput-1-mg-locator": "6-7",
    "mg-hasObjective-0-label-en": "Fair return",
    "mg-hasObjective-0-label-fr": "Un retour équitable",
    "mg-hasObjective-0-dcterms-type": "aim",
    "mg-hasQuotation-0-label-en": "On return",
    "mg-hasQuotation-0-label-fr": "Sur le retour",
    "mg-hasQuotation-0-mg-text": "We return.",
    "mg-hasQuotation-0-mg-speaker": "amina diallo",
    "mg-identifier-0-mg-scheme": "projet-id",
    "mg-identifier-0-mg-value": "LM.0499",
    "mg-identifier-0-mg-evidence": "Field of the page",
    "participation-1-mg-actor": "Amina Diallo",
    "participation-1-mg-role": "contact",
    "participation-4-mg-actor": "person/6",
    "participation-4-mg-role": "speaker",
    "person-0-name": "Amina Diallo",
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


def file_of(response: TestResponse, place: int = 0) -> str:
    """Return a file that the page shows; the record comes first."""
    section = response.text.partition('<h2 id="file">')[2].partition("<h3>")[0]
    found = re.findall(r'<pre tabindex="0">(.*?)</pre>', section, re.DOTALL)
    assert found, response.text
    return html.unescape(found[place])


def to_mend(response: TestResponse) -> dict[str, str]:
    """Return what the page says is wrong, by the control that it leads to; each says so too."""
    section = response.text.partition('<ul class="mend">')[2].partition("</ul>")[0]
    found = re.findall(r'<li><a href="#f-([^"]+)">[^<]+</a>\u202f?: (.*?)</li>', section, re.DOTALL)
    for control, _ in found:
        assert f'id="f-{control}"' in response.text
        assert f'id="e-{control}"' in response.text
        assert re.search(f'aria-describedby="[^"]*e-{control}"', response.text)
    return {control: html.unescape(message).strip() for control, message in found}
