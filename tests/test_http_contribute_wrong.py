"""What cannot be part of a new record: each is told at the field that it was written in."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, RdfFormat, parse

import contribute_support
from contribute_support import HTML, PATH, WHOLE, file_of, sent, to_mend

app = contribute_support.app


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
