"""The interface in French: every text, every page, the errors too."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient

import migov.web
from migov.catalogue import Catalogue, load_catalogue
from migov.entities.listing import BOUNDS
from migov.protocol.explanation import CAUSES, REASONS
from migov.protocol.openapi import TEXTS
from migov.protocol.problems import PROBLEMS
from migov.repository import Repository
from migov.web.home import SEEN
from migov.web.lists import FACETS, LEADS, ORDERS, TITLES, YEARS
from migov.web.subjects import OTHERS, SUBJECTS, by_subject
from migov.web.translation import LANGUAGE_NAMES, MESSAGES, table
from migov.web.views import LONG_NOTES
from migov.web.why import STEPS

WEB = Path(migov.web.__file__).parent
HTML = {"Accept": "text/html"}
PAGES = (
    "/",
    "/queries",
    "/queries/who-funds-and-implements?country=mar",
    "/queries/does-actor-fund-in-country",
    "/queries/corridor-graph",
    "/queries/initiatives-of-country?country=",
    "/queries/initiatives-between-dates?from=",
    "/queries/global-compact-by-country",
    "/queries/themes-by-number-of-initiatives",
    "/api",
    "/quality",
    "/contribute/record",
    "/contribute/alike?name=THAMM",
    "/sparql",
    "/sparql?query=ASK%20%7B%7D",
    "/sparql?query=ASK%20%7B%3Fs%20a%20mg%3Anobody%7D&explain=true",
    "/ns",
    "/ns/coversPlace",
    "/ns/Organisation",
    "/concept",
    "/concept/role",
    "/graph",
    "/graph/inferred",
    "/graph/data/records/gfmd/thamm.ttl",
    "/initiatives?country=mar&status=none",
    "/initiatives?status=completed&period=1970",
    "/actors",
    "/countries?region=m49-015",
    "/events",
    "/records",
    "/id/initiative/thamm",
    "/shape",
    "/shape/Participation",
    "/dumps",
    "/snapshot?format=html",
    "/search",
    "/search?q=migration&type=Initiative&limit=3",
    "/search?q=qqqq",
    "/links/review",
    "/problem/busy",
)


class Words(HTMLParser):
    """What a page says in the language of the page itself: without parts marked as another's."""

    def __init__(self) -> None:
        super().__init__()
        self.language: str | None = None
        self.found: set[str] = set()
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang")
        if tag == "html":
            self.language = language
        if tag not in ("meta", "link", "input", "br"):
            foreign = language not in (None, self.language) or given.get("translate") == "no"
            foreign = foreign or tag in ("pre", "code", "textarea")
            self._open.append((tag, foreign))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(foreign for _, foreign in self._open):
            self.found.add(" ".join(data.split()))


@pytest.fixture(scope="module")
def catalogue(repository: Repository) -> Catalogue:
    return load_catalogue(repository.queries)


def in_use(catalogue: Catalogue) -> set[str]:
    """Every text that the interface may ask a translation for."""
    found: set[str] = set()
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\b_\("([^"]+)"', text))
        for both in re.findall(r'counted\("([^"]+)",\s*"([^"]+)"', text):
            found |= set(both)
    for path in WEB.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r'translated\(\s*"([^"]+)"(?: if \w+ else "([^"]+)")?', text):
            found |= set(filter(None, call))
    found |= {OTHERS, *SUBJECTS, *(kind.title for kind in PROBLEMS.values())}
    found |= {error.__doc__ or "" for error in PROBLEMS}
    found |= {text for texts in (FACETS, LEADS, ORDERS, TITLES) for text in texts.values()}
    found |= {*LONG_NOTES, *(title for title, _ in SEEN.values())}
    found |= {*STEPS.values(), *YEARS.values(), *BOUNDS, *MESSAGES}
    found |= {*REASONS.values(), *CAUSES.values(), *TEXTS}
    for query in catalogue.values():
        columns = query.columns if query.form == "SELECT" else ()
        found |= {column(name) for name in columns if name.removesuffix("Label") not in columns}
        found |= {column(name) for name in columns if not name.endswith("Label")}
        for parameter in query.parameters:
            found |= {each.replace("-", " ") for each in parameter.choices}
    return found - set(LANGUAGE_NAMES)


def column(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])([A-Z])", r" \1", name.removesuffix("Label"))
    return words[:1].upper() + words[1:].lower()


def table_values() -> set[str]:
    """Texts that are French as well as English."""
    return {*table("fr").values(), *LANGUAGE_NAMES.values(), "Position"}


def test_every_text_has_its_french(catalogue: Catalogue) -> None:
    assert not in_use(catalogue) - set(table("fr"))


def test_what_is_filled_in_stays_the_same() -> None:
    for english, french in table("fr").items():
        assert french.strip(), english
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", french), english


@pytest.mark.parametrize("path", PAGES)
def test_no_english_on_a_french_page(client: FlaskClient, path: str) -> None:
    french = {**HTML, "Accept-Language": "fr"}
    reader = Words()
    reader.feed(client.get(path, headers=french).get_data(as_text=True))
    assert reader.language == "fr"
    english = {key for key, text in table("fr").items() if key != text and "{" not in key}
    left = (reader.found & english) - table_values()
    assert not left
    plain = Words()
    plain.feed(client.get(path, headers=HTML).get_data(as_text=True))
    assert plain.language == "en"


def test_errors_are_framed_in_french(client: FlaskClient) -> None:
    for path, status, title in (
        ("/nowhere?lang=fr", 404, "Il n’y a rien ici"),
        ("/id/initiative/tham?lang=fr", 404, "Vouliez-vous dire"),
        ("/sparql?lang=fr&query=ASK%20%7B", 400, "SPARQL non valide"),
    ):
        response = client.get(path, headers=HTML)
        text = response.get_data(as_text=True)
        assert response.status_code == status
        assert '<html lang="fr">' in text
        assert title in text
    document = client.get("/nowhere", headers={"Accept-Language": "fr"}).get_json(force=True)
    assert document["title"] == "Nothing is here"


def test_numbers_and_columns(client: FlaskClient) -> None:
    text = client.get("/?lang=fr", headers=HTML).get_data(as_text=True)
    assert re.search(r"[0-9]\u202f[0-9]{3} triplets", text)
    answer = client.get("/queries/who-funds-and-implements?country=mar&lang=fr", headers=HTML)
    text = answer.get_data(as_text=True)
    for head in ("Acteur", "Fiche", "Emplacement"):
        assert f">{head}</th>" in text
        assert f'data-label="{head}"' in text
    assert "migov query who-funds-and-implements --country mar --lang fr" in text


def test_questions_are_listed_by_subject(client: FlaskClient, catalogue: Catalogue) -> None:
    grouped = by_subject(catalogue)
    assert OTHERS not in grouped
    assert sum(map(len, grouped.values())) == len(catalogue)
    text = client.get("/queries?lang=fr", headers=HTML).get_data(as_text=True)
    assert "Les acteurs et leurs rôles</h2>" in text


def test_no_text_is_translated_twice() -> None:
    """YAML takes the last of two, so the first would be edited in vain."""
    for path in (WEB / "translations").glob("*.yaml"):
        root = yaml.compose(path.read_text(encoding="utf-8"))
        assert isinstance(root, yaml.MappingNode)
        counts = Counter(key.value for key, _ in root.value)
        assert not [key for key, count in counts.items() if count > 1], path
        assert len(counts) > 700


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/id/initiative/thamn",
            "Le graphe ne dit rien de https://w3id.org/migov/id/initiative/thamn.",
        ),
        ("/initiatives?colour=red", "La liste n’a pas de facette «\u202fcolour\u202f»."),
        (
            "/initiatives?sort=size",
            "sort vaut «\u202fsize\u202f»\u202f: il faut l’une de ces valeurs",
        ),
        ("/initiatives?period=2011", "il faut la première année d’une décennie"),
        ("/initiatives?limit=0", "il faut un nombre entier de 1 à "),
        ("/initiatives?theme=a%20b", "theme vaut «\u202fa b\u202f», qui ne désigne rien."),
        ("/queries/budget", "Il n’y a pas de question préparée «\u202fbudget\u202f»."),
        ("/nothing", "Rien n’est servi à cette adresse."),
        ("/search?q=", "Il n’y a rien à chercher."),
        ("/why?subject=x", "Un énoncé a un sujet, une propriété et une valeur."),
        ("/initiatives?sort={name}%0A<b>{0}", "sort vaut «\u202f{name}\n&lt;b&gt;{0}\u202f»"),
    ],
)
def test_a_mistake_is_told_in_french(client: FlaskClient, path: str, said: str) -> None:
    mark = "&" if "?" in path else "?"
    response = client.get(f"{path}{mark}lang=fr", headers=HTML)
    assert response.status_code in (404, 422)
    assert said in response.get_data(as_text=True)


def test_a_message_that_nobody_foresaw_stays_english_and_says_so(client: FlaskClient) -> None:
    text = client.get("/id/initiative/" + "x" * 500 + "?lang=fr", headers=HTML).text
    assert '<span lang="en">The graph says nothing about' in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * WHER {}", "« WHER » n’est pas un mot de SPARQL."),
        ("SELECT * {", "« { » n’est jamais fermé."),
        ("ASK { ?s foo:bar 1 }", "Le préfixe « foo: » n’est pas déclaré."),
        ("ASK { ?s ?p 'x }", "Le texte qu’ouvre ' n’est jamais fermé."),
    ],
)
def test_a_mistake_in_a_query_is_told_in_french(client: FlaskClient, query: str, said: str) -> None:
    response = client.get("/sparql", query_string={"query": query, "lang": "fr"}, headers=HTML)
    assert response.status_code == 400
    assert said in unescape(response.text).replace("\u202f", " ")


def test_a_proposal_for_no_graph_is_told_in_french(client: FlaskClient) -> None:
    sent = {"change": "<a:a> <a:b> 1 .", "as": "turtle"}
    response = client.post("/changes?lang=fr", data=sent, headers=HTML)
    assert response.status_code == 422
    said = "proposal ne dit pas à quel graphe cela est destiné."
    assert said in unescape(response.text)
