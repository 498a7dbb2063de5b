"""A new record from a form: the file, the verdict on it, and what cannot be part of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from werkzeug.test import TestResponse

from git_repository import git
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
XSD = "http://www.w3.org/2001/XMLSchema#"


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


class TestForm:
    def test_made_from_the_shapes(self, client: FlaskClient) -> None:
        response = client.get(PATH, headers=HTML)
        asked = Asked(response.text).found
        assert asked["mg-theme"] > 20
        assert {"publisher", "document", "lines", "mg-status", "mg-originPlace"} <= set(asked)
        assert {"mg-underInstrument", "mg-references", "mg-submitter", "foaf-page"} <= set(asked)
        assert {name for name in PARTS if "-0-" in name} <= set(asked)
        assert "mg-participationIn" not in response.text
        assert "organisation of data/actors" in response.text
        assert len(response.data) < 100_000
        french = client.get(f"{PATH}?lang=fr", headers=HTML)
        assert "organisation de data/actors" in french.text
        assert len(french.data) < 100_000

    def test_every_control_has_a_label_and_its_help_is_on_the_page(
        self, client: FlaskClient
    ) -> None:
        text = client.get(PATH, headers=HTML).text.partition('<form id="draft"')[2]
        controls = re.findall(r"<(?:input|select|textarea) [^>]*>", text.partition("</form>")[0])
        plain = [each for each in controls if 'type="checkbox"' not in each]
        assert len(plain) > 70
        helped = 0
        for each in plain:
            name = re.search(r'id="(f-[^"]+)"', each)
            assert name, each
            assert f'<label for="{name[1]}"' in text or f' for="{name[1]}">' in text
            for told in re.findall(r'aria-describedby="([^"]+)"', each):
                helped += 1
                assert all(f'id="{one}"' in text for one in told.split()), each
        assert helped > 55

    @pytest.mark.parametrize("section", ["mg-hasOutput", "mg-budget", "participation", "person"])
    def test_one_more_row_keeps_what_is_written(self, client: FlaskClient, section: str) -> None:
        key = next(name for name in (*PARTS, *WHOLE) if name.startswith(f"{section}-0-"))
        before = Asked(client.get(PATH, headers=HTML).text).found
        empty = {"participation-1-mg-actor": "", "title": "“Safe” & <sound>"}
        response = sent(client, add=section, **{**empty, key: "written"})
        asked = Asked(response.text).found
        assert response.status_code == 200
        assert 'value="written"' in response.text
        assert "“Safe” &amp; &lt;sound&gt;" in response.text
        added = [name for name in asked if name not in before]
        assert added
        assert all(name.startswith(section) for name in added)
        assert re.search(f'name="{section}-[0-9]-[^>]* autofocus>', response.text)
        assert 'id="file"' not in response.text

    def test_one_more_value_of_a_question(self, client: FlaskClient) -> None:
        assert Asked(sent(client, add="mg-coversPlace").text).found["mg-coversPlace"] == 3
        assert Asked(sent(client, add="no-such-thing").text).found["mg-coversPlace"] == 2

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
        alone = sent(client, **{"as": "file"})
        assert alone.content_type == "text/turtle; charset=utf-8"
        assert alone.headers["Content-Disposition"] == (
            "attachment; filename=safe-return-for-all.ttl"
        )
        assert alone.text == text

    def test_one_more_record_of_a_known_initiative(self, client: FlaskClient) -> None:
        text = file_of(sent(client, about="thamm", slug="thamm-again", type="programme"))
        assert re.search("initiative:thamm\n? +dcterms:title", text)
        assert "initiative:thamm a " not in text
        assert "@base <https://w3id.org/migov/graph/data/records/ilo/thamm-again.ttl>" in text

    def test_a_likely_duplicate_is_told(self, client: FlaskClient) -> None:
        name = "THAMM – Labour Migration Governance and Labour Mobility in North Africa"
        response = sent(client, slug="thamm-north-africa", **{"name-en": name})
        assert "likely-duplicate" in response.text
        assert "initiative:thamm" in to_mend(response)["name-en"]
        assert "things in the graph look like it" in response.text
        assert re.search(r'<button[^>]* name="same" value="thamm"', response.text)

    def test_what_is_there_already_can_be_meant(self, client: FlaskClient) -> None:
        response = sent(client, same="thamm", title="THAMM")
        assert response.status_code == 200
        assert re.search(r'name="about" value="thamm"', response.text)
        assert 'id="file"' not in response.text
        assert not re.search(r'<button[^>]* name="same" value="thamm"', response.text)


class TestParts:
    """What a record describes beside the initiative itself."""

    def test_all_of_them_conform(self, client: FlaskClient) -> None:
        response = sent(client, **PARTS)
        assert "Conforms</h2>" in response.text, to_mend(response)
        text = file_of(response)
        triples = {
            (str(each.predicate).rpartition("#")[2].strip(">"), str(each.object))
            for each in parse(text, format=RdfFormat.TURTLE)
        }
        held = "https://w3id.org/migov/id"
        assert ("amount", f'"1500.50"^^<{XSD}decimal>') in triples
        assert ("statedNumber", f'"3"^^<{XSD}integer>') in triples
        assert ("hasOutput", f"<{held}/output/safe-return-for-all-2>") in triples
        assert ("hasObjective", f"<{held}/objective/safe-return-for-all-1>") in triples
        assert ("speaker", f"<{held}/person/8>") in triples
        assert ("actor", f"<{held}/person/8>") in triples
        assert ("actor", f"<{held}/person/6>") in triples
        assert ("text", '"We return."@en') in triples
        assert ("value", '"LM.0499"') in triples
        assert re.search('<> a mg:SourceRecord.*mg:value "99332".*a mg:Programme', text, re.DOTALL)
        assert ("references", "<https://w3id.org/migov/concept/sdg/8>") in triples
        assert ("locator", '"003:6-7"') in triples
        assert ("certainty", "<https://w3id.org/migov/concept/certainty/ambiguous>") in triples
        assert "Amina" not in text  # names of people stand in data/people alone
        assert "Amina Diallo" in file_of(response, 1)

    def test_the_patch_makes_the_files_in_git(
        self, client: FlaskClient, checkout: Path, tmp_path: Path
    ) -> None:
        response = sent(client, **PARTS, **{"as": "patch"})
        assert response.content_type == "text/x-diff; charset=utf-8"
        assert response.headers["Content-Disposition"] == (
            "attachment; filename=safe-return-for-all.patch"
        )
        patch = tmp_path / "safe.patch"
        patch.write_bytes(response.data)
        done = git(checkout, "apply", "--index", str(patch))
        assert done.returncode == 0, done.stderr
        record = checkout / "data" / "records" / "ilo" / "safe-return-for-all.ttl"
        assert "hasQuotation quotation:safe-return-for-all-1" in record.read_text()
        assert (checkout / "data" / "people" / "8.ttl").exists()

    def test_findings_stand_at_the_fields(self, client: FlaskClient) -> None:
        response = sent(
            client,
            **{
                **PARTS,
                "mg-budget-0-mg-currency": "dollars",
                "mg-hasOutput-1-label-fr": None,
                "mg-hasQuotation-0-mg-text": "ask me@there.example",
                "mg-identifier-0-mg-scheme": "ror",
                "mg-identifier-0-mg-evidence": None,
                "summary-fr": None,
                "end": "2001",
            },
        )
        assert response.status_code == 200
        assert "Does not conform</h2>" in response.text
        assert "FILL: Evidence" in file_of(response)
        assert set(to_mend(response)) >= {
            *("mg-budget-0-mg-currency", "mg-hasOutput-1-label-fr", "mg-hasQuotation-0-mg-text"),
            *("mg-identifier-0-mg-value", "mg-identifier-0-mg-evidence", "summary-fr", "start"),
        }

    def test_numbers_of_parts_go_on_from_what_there_is(self, client: FlaskClient) -> None:
        kept = {name: value for name, value in PARTS.items() if name.startswith("mg-hasObj")}
        response = sent(client, about="amicall", slug="amicall-again", **kept)
        named = re.findall("objective:amicall-[0-9]+", file_of(response))
        assert named
        known = client.get(f"/id/{named[0].replace(':', '/')}", headers=HTML)
        assert known.status_code == 404


class TestWrong:
    @pytest.mark.parametrize(
        ("changed", "control", "said"),
        [
            ({"publisher": "nobody at all"}, "publisher", "is not in the list"),
            ({"publisher": "<b>x</b>"}, "publisher", "“<b>x</b>” is not in the list"),
            ({"mg-theme": "nothing"}, "mg-theme", "is not in the list"),
            ({"publisher": ""}, "publisher", "A record needs this"),
            ({"lines": "40-x"}, "lines", "Write lines as"),
            ({"lines": "99999"}, "lines", "has lines 1 to"),
            ({"lines": "9-1"}, "lines", "the first line of a range first"),
            ({"slug": "a" * 81}, "slug", "up to 80 characters"),
            ({"person-0-name": "rania bikhazi"}, "person-0-name", "person:6 is there already"),
            (
                {"participation-1-mg-actor": "european-union", "participation-1-mg-role": "funder"},
                "participation-1-mg-actor",
                "has this role above already",
            ),
            ({"start": "soon"}, "start", "Write a date"),
            ({"slug": "thamm"}, "slug", "exists"),
            ({"slug": "thamm-launch", "about": "thamm"}, "slug", "has a record of this name"),
            ({"slug": "../../x"}, "slug", "Use lower-case letters"),
            ({"slug": "x> . <a> <b> <c"}, "slug", "Use lower-case letters"),
            ({"about": "thamm", "slug": "../x"}, "slug", "Use lower-case letters"),
            ({"about": "thamm", "record-en": ""}, "record-en", "fill it in"),
            ({"about": "no-such"}, "about", "is not in the list"),
            ({"type": "no-such-type"}, "type", "is not in the list"),
            ({"title": "x" * 6000}, "title", "more than 5,000 characters"),
            ({"foaf-page": "javascript:alert(1)"}, "foaf-page", "Write a web address"),
            ({"foaf-page": "https://a> . <b"}, "foaf-page", "Write a web address"),
            ({"mg-fundingYear": "20x0"}, "mg-fundingYear", "four digits"),
            ({"mg-budget-0-mg-amount": "a lot"}, "mg-budget-0-mg-amount", "Write a number"),
            ({"mg-budget-0-mg-amount": "3"}, "mg-budget-0-mg-currency", "Fill this in"),
            (
                {"participation-0-mg-actor": "Europan Union"},
                "participation-0-mg-actor",
                "Did you mean european-union (European Union)?",
            ),
            ({"participation-7-mg-role": "funder"}, "participation-7-mg-actor", "Fill this in"),
            ({"participation-0-mg-locator": "1;2"}, "participation-0-mg-locator", "Write lines"),
        ],
    )
    def test_values(
        self, client: FlaskClient, changed: dict[str, object], control: str, said: str
    ) -> None:
        response = sent(client, **changed)
        assert response.status_code == 422
        assert said in to_mend(response).get(control, ""), to_mend(response)
        assert 'id="file"' not in response.text

    def test_all_that_is_wrong_is_told_at_once_in_french(self, client: FlaskClient) -> None:
        data = {**WHOLE, "publisher": "", "lines": "x", "start": "soon", "type": "?"}
        response = client.post(f"{PATH}?lang=fr", data=data, headers=HTML)
        assert set(to_mend(response)) == {"publisher", "lines", "start", "type"}
        assert "4 champs à revoir" in response.text

    def test_many_unknown_names_are_not_all_looked_up(self, client: FlaskClient) -> None:
        many = [f"nobody {number}" for number in range(700)]
        response = sent(client, **{"mg-coversPlace": ["mar", *many, "tun"]})
        assert response.status_code == 422
        assert "is not in the list" in to_mend(response)["mg-coversPlace"]

    def test_a_long_name_makes_a_short_one(self, client: FlaskClient) -> None:
        response = sent(client, lines="x", **{"name-en": "word " * 900})
        assert set(to_mend(response)) == {"lines"}

    def test_too_many_values(self, client: FlaskClient) -> None:
        response = sent(client, **{"mg-coversPlace": ["mar"] * 3001})
        assert response.status_code == 422
        assert "more than 3,000 values" in response.text
        assert len(response.data) < 100_000

    def test_too_long_a_request(self, client: FlaskClient) -> None:
        assert sent(client, title="x" * 3_000_000).status_code == 413

    def test_texts_stay_texts_and_unknown_fields_are_passed_over(self, client: FlaskClient) -> None:
        """Markup, syntax, controls and scripts from right to left, each where a text may stand."""
        texts = {
            "title": '"@en . <a:b> <c:d> <e:f>',
            "name-en": "\\",
            "name-fr": "</pre><b>x",
            "record-en": "a\nb\tc",
            "record-fr": "‮",
            "summary-en": "العودة الآمنة",
            "participation-0-mg-wording": "\u0007 } GRAPH <a:b> { <a:b> <c:d> 1",
        }
        unknown = {f"unheard-of-{number}": "x" for number in range(50)}
        rows = ("participation-x-", "participation-999-", "participation-²-", "mg-hasOutput--1-")
        unknown |= {f"{row}mg-actor": "ilo" for row in rows}
        response = sent(client, slug="texts", **texts, **unknown, **{"as": "nothing"})
        assert response.status_code == 200, to_mend(response)
        assert "unheard" not in response.text
        triples = list(parse(file_of(response), format=RdfFormat.TURTLE))
        held = {each.object.value for each in triples if isinstance(each.object, Literal)}
        assert {" ".join(text.split()) for text in texts.values()} <= held
        assert not any("a:b" in str(each.subject) for each in triples)
        assert "<b>x" not in response.text
        assert "<b>x" not in sent(client, slug="thamm", **texts).text
