"""Coverage and quality: every number is what its canned query gives."""

from __future__ import annotations

import csv
import io
import re

from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}


def rows(client: FlaskClient, slug: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/queries/{slug}.csv").text)))


def test_certainties_are_those_of_the_records(client: FlaskClient) -> None:
    text = client.get("/quality", headers=HTML).text
    found = rows(client, "certainty-by-record")
    for name in ("stated", "inferred", "ambiguous"):
        total = sum(int(row[name]) for row in found)
        assert total > 0
        assert f'<dt>{name}</dt><dd class="number">{total}</dd>' in text
    assert f"{len(found)} records, one by one" in text


def test_facts_are_counted(client: FlaskClient) -> None:
    text = client.get("/quality", headers=HTML).text
    found = rows(client, "what-is-not-stated")
    table = re.findall(
        r'<td data-label="Fact">([^<]*)</td>' + 3 * r'<td class="number"[^>]*>([0-9,]+)</td>', text
    )
    counts = {head.lower(): tuple(map(int, numbers)) for head, *numbers in table}
    assert len(counts) >= 5
    for column in ("funder", "budget", "status"):
        values = [row[column] for row in found]
        wanted = tuple(values.count(each) for each in ("stated", "uncertain", "not stated"))
        assert counts[column] == wanted
        assert sum(wanted) == len(found)


def test_french_has_the_same_numbers(client: FlaskClient) -> None:
    both = [
        re.findall(
            r'class="number"[^>]*>([0-9]+)<', client.get(f"/quality?lang={tag}", headers=HTML).text
        )
        for tag in ("en", "fr")
    ]
    assert both[0] == both[1] != []


def test_licence_and_citation(client: FlaskClient) -> None:
    text = client.get("/quality", headers=HTML).text
    assert "creativecommons.org/licenses/by/4.0/" in text
    assert re.search(r"snapshot [0-9a-f]{12}", text)
    assert client.get("/quality", headers={"Accept": "text/csv"}).status_code == 406
