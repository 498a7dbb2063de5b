"""Lists that narrow by facets, as a visitor without JavaScript meets them, and their feeds."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as Xml

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migov.entities.listing import Facet
from migov.entities.listings import LISTINGS

HTML = {"Accept": "text/html"}
ATOM = "{http://www.w3.org/2005/Atom}"
CHOICES = {
    "initiatives": {
        "country": ["mar", "esp", "none"],
        "region": ["m49-002", "maghreb"],
        "role": ["funder", "implementer"],
        "actor": ["european-union", "iom", "/id/initiative/ghwa"],
        "status": ["completed", "none"],
        "period": ["2010", "1970"],
        "language": ["en", "fr"],
        "objective": ["5", "20"],
        "publisher": ["gfmd"],
        "submitter": ["1"],
    },
    "actors": {"role": ["funder"], "country": ["mar"], "class": ["Organisation", "Person"]},
    "records": {"language": ["fr"], "country": ["mar", "none"], "listing": ["none"]},
    "countries": {"region": ["m49-015"], "theme": ["fair-and-ethical-recruitment"]},
    "events": {"role": ["speaker"], "period": ["2020"]},
}


class Choices(HTMLParser):
    """The links of a page that narrow or widen its list, with the number that each tells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, int | None] = {}
        self._address: str | None = None
        self._counts = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._address = given.get("href")
        self._counts = given.get("class") == "count"

    def handle_data(self, data: str) -> None:
        if self._counts and self._address:
            self.found[self._address] = int(re.sub(r"\D", "", data))

    def handle_endtag(self, tag: str) -> None:
        self._counts = False


def document(client: FlaskClient, path: str) -> dict[str, Any]:
    response = client.get(path, headers={"Accept": "application/json"})
    assert response.status_code == 200, (path, response.get_data(as_text=True))
    found: dict[str, Any] = response.get_json()
    return found


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


@pytest.mark.parametrize("name", LISTINGS)
def test_a_count_is_what_one_finds(client: FlaskClient, name: str) -> None:
    """Every link that narrows tells how many things its page has."""
    reader = Choices()
    reader.feed(page(client, f"/{name}"))
    assert len(reader.found) >= 10
    for address, number in list(reader.found.items())[::5]:
        assert document(client, address)["total"] == number, address


def test_facets_combine_and_are_removed_one_by_one(client: FlaskClient) -> None:
    path = "/initiatives?country=mar&theme=labour-mobility-schemes"
    both = document(client, path)
    names = {thing["iri"].rpartition("/")[2] for thing in both["things"]}
    assert "thamm" in names
    one = document(client, "/initiatives?country=mar")
    assert names < {thing["iri"].rpartition("/")[2] for thing in one["things"]}
    text = page(client, path)
    assert '<a class="chip" href="/initiatives?country=mar" rel="nofollow">' in text
    assert '<a class="chip" href="/initiatives?theme=labour-mobility-schemes"' in text
    assert "Morocco" in text.split("<title>")[1].split("</title>")[0]


def test_a_role_and_an_actor_belong_to_one_participation(client: FlaskClient) -> None:
    """IOM takes part in THAMM, and the European Union funds it; IOM does not."""

    def found(query: str) -> set[str]:
        things = document(client, f"/initiatives?{query}")["things"]
        return {thing["iri"].rpartition("/")[2] for thing in things}

    assert "thamm" in found("actor=iom&role=implementer")
    assert "thamm" in found("actor=european-union&role=funder")
    assert "thamm" in found("actor=european-union&actor=bmz&role=funder")
    assert "thamm" not in found("actor=iom&role=funder")
    offered = document(client, "/initiatives?role=funder")["facets"]["actor"]
    assert "iom" not in {choice["value"] for choice in offered}


def test_what_is_not_stated_can_be_asked(client: FlaskClient) -> None:
    total = document(client, "/initiatives")["total"]
    statuses = {
        choice["value"]: choice["count"]
        for choice in document(client, "/initiatives")["facets"]["status"]
    }
    assert statuses.pop("none") == total - sum(statuses.values())
    unstated = document(client, "/initiatives?status=none")
    assert unstated["total"] == total - sum(statuses.values())


def test_nothing_found_says_so_and_leads_back(client: FlaskClient) -> None:
    text = page(client, "/initiatives?status=completed&period=1970")
    assert "no record says so" in text
    assert 'href="/initiatives?status=completed"' in text
    assert document(client, "/initiatives?theme=nothing-like-it")["total"] == 0


@pytest.mark.parametrize(
    ("path", "said", "address"),
    [
        ("/initiatives?country=moroco", "Country or territory: the graph", "country=mar"),
        ("/initiatives?country=esp&country=moroco&status=none", "“moroco”", "country=mar&status"),
        ("/initiatives?actor=european-unoin&lang=fr", "« european-unoin »", "european-union&lang"),
        ("/records?publisher=zzzzzzzz", "nothing about “zzzzzzzz”", None),
    ],
)
def test_a_value_that_is_not_there_is_told(
    client: FlaskClient, path: str, said: str, address: str | None
) -> None:
    found = unescape(page(client, path)).replace("\u202f", " ")
    assert said in found
    assert ("Did you mean" in found or "Vouliez-vous dire" in found) == (address is not None)
    assert address is None or address in found.partition('role="alert"')[2].partition("</div>")[0]


def test_programs_are_told_as_well(client: FlaskClient) -> None:
    (unknown,) = document(client, "/initiatives?country=esp&country=moroco")["unknown"]
    assert (unknown["facet"], unknown["value"]) == ("country", "moroco")
    meant = {each["label"]: each["url"] for each in unknown["meant"]}
    assert document(client, meant["Morocco"])["chosen"] == {"country": ["esp", "mar"]}


def test_a_value_that_is_there_is_not_told_of(client: FlaskClient) -> None:
    for path in ("/initiatives?country=abw", "/initiatives?country=none&actor=iom", "/actors"):
        assert 'role="alert"' not in page(client, path)
        assert "unknown" not in document(client, path)


def test_order_and_pages(client: FlaskClient) -> None:
    seen: list[str] = []
    path: str | None = "/countries?sort=name&limit=100&lang=fr"
    while path:
        text = page(client, path)
        names = re.findall(r'<h3><a href="/id/place/([a-z]{3})', text)
        seen += names
        more = re.search(r'<a rel="next" href="([^"]*)"', text)
        path = more[1].replace("&amp;", "&") if more else None
    assert len(seen) == len(set(seen)) == 249
    # Accents and capitals make no difference: Égypte is not after Zimbabwe.
    assert seen.index("egy") < seen.index("fra") < seen.index("zwe")
    most = document(client, "/countries")["things"]
    assert most[0]["iri"].endswith("/mar")
    latest = document(client, "/initiatives?sort=latest")["things"]
    dates = [max(thing["start"]) for thing in latest if thing.get("start")]
    assert dates[0] >= dates[-1]
    assert "start" not in latest[-1]
    assert "past the last" in page(client, "/initiatives?offset=1000")


@pytest.mark.parametrize(
    "query",
    ["colour=red", "period=201", "period=2011", "sort=size", "limit=0", "theme=a%20b", "lang=de",
     "country=%3Chttp%3A%2F%2Fx%3E", "actor=http%3A%2F%2Fx%2F%7D"],
)  # fmt: skip
def test_wrong_values(client: FlaskClient, query: str) -> None:
    response = client.get(f"/initiatives?{query}")
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert query.partition("=")[0] in response.get_json(force=True)["detail"]
    assert client.get(f"/initiatives?{query}", headers=HTML).status_code == 422


def test_so_many_values_and_such_long_ones_are_refused(client: FlaskClient) -> None:
    """A page carries them all in each of its links, and the store would try every combination."""
    many = "&".join(f"role=r{number}&actor=a{number}" for number in range(30))
    for query, said in ((many, "60 values; 40 are taken"), (f"actor={'a' * 501}", "501 char")):
        response = client.get(f"/initiatives?{query}")
        assert response.status_code == 422
        assert said in response.get_json(force=True)["detail"]
        assert client.get(f"/initiatives?{query}", headers=HTML).status_code == 422


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_combination_only_narrows(client: FlaskClient, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CHOICES)))
    pairs = [(facet, value) for facet, values in CHOICES[name].items() for value in values]
    chosen = data.draw(st.lists(st.sampled_from(pairs), max_size=4, unique=True))
    query = "&".join(f"{facet}={value}" for facet, value in chosen)
    found = {thing["iri"] for thing in document(client, f"/{name}?{query}&limit=500")["things"]}
    for facet, value in chosen:
        fewer = "&".join(f"{a}={b}" for a, b in chosen if (a, b) != (facet, value))
        wider = document(client, f"/{name}?{fewer}&limit=500")
        assert found <= {thing["iri"] for thing in wider["things"]}


@settings(deadline=None)
@given(st.text(max_size=30))
def test_an_address_gives_the_value_back(text: str) -> None:
    facet = Facet("theme", "mg:theme", "https://w3id.org/migov/concept/theme/")
    for value in ("https://w3id.org/migov/concept/theme/x", "https://w3id.org/migov/id/a/b",
                  "http://example.org/" + "".join(filter(str.isalnum, text))):  # fmt: skip
        assert facet.iri(facet.short(value)) == value


class TestFeeds:
    @pytest.mark.parametrize("name", LISTINGS)
    def test_the_page_names_its_feed(self, client: FlaskClient, name: str) -> None:
        text = page(client, f"/{name}?lang=fr")
        address = re.search(r'type="application/atom\+xml" title="[^"]+" href="([^"]+)"', text)
        assert address
        response = client.get(address[1].replace("&amp;", "&"))
        assert response.mimetype == "application/atom+xml"
        feed = Xml.fromstring(response.data)
        assert feed.tag == ATOM + "feed"
        for needed in ("title", "id", "updated"):
            assert feed.findtext(ATOM + needed)
        entries = feed.findall(ATOM + "entry")
        assert entries
        moments = [entry.findtext(ATOM + "updated") for entry in entries]
        assert moments == sorted(moments, key=str, reverse=True)
        assert feed.findtext(ATOM + "updated") == moments[0]

    def test_a_feed_has_what_its_list_has(self, client: FlaskClient) -> None:
        query = "country=mar&theme=labour-mobility-schemes"
        feed = Xml.fromstring(client.get(f"/initiatives.atom?{query}").data)
        listed = {thing["iri"] for thing in document(client, f"/initiatives?{query}")["things"]}
        assert {entry.findtext(ATOM + "id") for entry in feed.findall(ATOM + "entry")} == listed
        assert "Morocco" in (feed.findtext(ATOM + "title") or "")
        alternate = feed.find(f"{ATOM}link[@rel='alternate']")
        assert alternate is not None
        assert dict(parse_qsl(urlsplit(alternate.attrib["href"]).query)) == dict(parse_qsl(query))

    def test_other_ways_to_ask(self, client: FlaskClient) -> None:
        for address, headers in (
            ("/records?format=atom", {}),
            ("/records", {"Accept": "application/atom+xml"}),
        ):
            assert client.get(address, headers=headers).mimetype == "application/atom+xml"
        assert client.get("/records.xyz").status_code == 406


def test_the_old_addresses_lead_to_the_lists(client: FlaskClient) -> None:
    for kind, name in (("initiative", "initiatives"), ("actor", "actors"), ("event", "events")):
        response = client.get(f"/id/{kind}?lang=fr", headers=HTML)
        assert response.status_code == 301
        assert response.headers["Location"] == f"/{name}?lang=fr"
