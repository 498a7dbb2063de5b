"""A new record from a form: the questions, the file, and the verdict on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

import contribute_support
from contribute_support import HTML, PARTS, PATH, WHOLE, Asked, file_of, sent, to_mend
from git_repository import git

NS = "https://w3id.org/migov/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"

app = contribute_support.app


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
