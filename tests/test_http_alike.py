"""What is there already under names, acronyms or identifiers like those: as JSON and as a page."""

from __future__ import annotations

import html

import pytest
from flask.testing import FlaskClient

from migov.engine import Engine
from migov.gate.checks.duplicates import THRESHOLD, compared
from migov.gate.checks.duplicates import Portrait as Told
from migov.linking.alike import LEAST, alike
from migov.linking.ours import ours
from migov.targets.portrait import Portrait, portrait
from migov.vocabulary import NS

PATH = "/contribute/alike"
HTML = {"Accept": "text/html"}


def found(client: FlaskClient, **asked: str) -> dict[str, list[str]]:
    """Return the reasons by the last part of the IRI of each thing."""
    response = client.get(PATH, query_string=asked)
    assert response.status_code == 200, response.text
    assert response.headers["X-Robots-Tag"] == "noindex"
    alike = response.get_json()["alike"]
    return {each["iri"].rpartition("/")[2]: each["reasons"] for each in alike}


@pytest.mark.parametrize(
    ("asked", "there", "why"),
    [
        ({"name": "THAMM"}, "thamm", "same name “THAMM” (+100)"),
        ({"acronym": "thamm"}, "thamm", "same acronym THAMM (+64)"),
        ({"identifier": "projet-id:LM.0416"}, "iom-lm-0416", "same identifier projet-id LM.0416"),
        ({"name": "Labour Migration Governance in North Afrca"}, "thamm", "% like the name “THAMM"),
        ({"name": "تهيئة THAMM", "acronym": "THAMM"}, "thamm", "same acronym THAMM"),
        ({"name": "OIM", "about": "actor"}, "iom", "same name “OIM”"),
        ({"identifier": "ror:https://ror.org/01f80g185", "about": "actor"}, "who", "01f80g185"),
        ({"name": "Maroc", "about": "place"}, "mar", "same name “Maroc”"),
    ],
)
def test_it_is_found_with_the_reason(
    client: FlaskClient, asked: dict[str, str], there: str, why: str
) -> None:
    reasons = found(client, **asked)
    assert there in reasons
    assert any(why in reason for reason in reasons[there]), reasons


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"name": " "},
        {"name": "Safe return for all"},
        {"name": "OIM"},
        {"identifier": "scheme:unknown"},
        {"name": "THAMM", "beside": "thamm"},
        {"name": "Rania Bikhazi", "about": "actor"},
        {"name": "<script>alert(1)</script> \u202e \u0000"},
    ],
)
def test_nothing_is_found(client: FlaskClient, asked: dict[str, str]) -> None:
    assert not {"thamm", "iom"} & found(client, **asked).keys()
    assert not any("person" in name for name in found(client, **asked))


def test_the_page_says_the_same_in_both_languages(client: FlaskClient) -> None:
    asked = {"name": "<b>THAMM</b>", "acronym": "THAMM"}
    for language, said in (("en", "same acronym THAMM (+"), ("fr", "même sigle THAMM (+")):
        response = client.get(PATH, query_string={**asked, "lang": language}, headers=HTML)
        assert response.status_code == 200
        assert said in html.unescape(response.text)
        assert "/id/initiative/thamm" in response.text
        assert "<b>THAMM" not in response.text
        assert len(response.data) < 100_000
        document = client.get(PATH, query_string={**asked, "lang": language}).get_json()
        for each in document["alike"]:
            assert html.escape(each["label"], quote=False) in response.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([("name", "x" * 301)], "up to 300 are compared"),
        ([("name", "x")] * 7, "up to 6 are looked at"),
        ([("about", "person")], "expected one of"),
        ([("format", "csv")], "csv"),
        ([("identifier", "Q1028")], "such as wikidata:Q1028"),
    ],
)
def test_a_question_has_bounds(
    client: FlaskClient, asked: list[tuple[str, str]], said: str
) -> None:
    response = client.get(PATH, query_string=asked)
    assert response.status_code in (406, 422)
    assert said in response.text


def test_what_the_gate_warns_of_is_told_before(engine: Engine) -> None:
    """Each name with a letter less: whoever the gate would take for a duplicate is shown."""
    known = ours(engine)
    initiatives = [each for each in known.index.portraits if NS + "Initiative" in each.types]
    warned = 0
    for each in initiatives:
        for name in each.names:
            for at in range(0, len(name.text), 9):
                written = portrait("", [(name.text[:at] + name.text[at + 1 :], None)])
                if not told(written).names or compared_score(told(written), told(each)) < THRESHOLD:
                    continue
                warned += 1
                shown = alike(known, written, NS + "Initiative")
                assert each.iri in {candidate.portrait.iri for candidate in shown}, written.names
    assert warned > 60
    assert LEAST <= 50


def told(each: Portrait) -> Told:
    """Return a portrait of linking as the gate compares it."""
    names = frozenset(name.folded for name in each.names if name.folded)
    return Told("", "initiative", names, frozenset(each.acronyms), frozenset(), frozenset())


def compared_score(one: Told, other: Told) -> float:
    return sum(feature.weight for feature in compared(one, other))
