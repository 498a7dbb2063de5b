"""What a page of a canned question offers to copy really runs, and gives the answer of the page."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from migov.web.sheet import sheet

HOSTILE = 'it\'s "quoted" \\ $(touch made) `touch made` %s {x} é 😀 </code>'
CASES = {
    "who-funds-and-implements": {"country": "mar"},
    "search": {"text": HOSTILE},
    "does-actor-fund-in-country": {"actor": "european-union", "country": "mar"},
    "corridor-graph": {},
    "country-codes": {},
}


def snippets(endpoint: str, slug: str, values: dict[str, str]) -> dict[str, str]:
    """Return the text of each snippet of a page by its name."""
    address = f"{endpoint}/queries/{slug}?{urlencode(values)}"
    page = httpx.get(address, headers={"Accept": "text/html"})
    assert page.status_code == 200, page.text
    found = re.findall(r'id="way-(\w+)">.*?<code>(.*?)</code>', page.text, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def ran(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list(folder.iterdir())
    return done.stdout


@pytest.mark.parametrize("slug", CASES)
def test_curl_and_python(slug: str, endpoint: str, tmp_path: Path) -> None:
    shown = snippets(endpoint, slug, CASES[slug])
    by_shell = ran("sh", "-c", shown["curl"] + " -sS --fail-with-body", folder=tmp_path)
    by_python = ran(sys.executable, "-c", shown["python"], folder=tmp_path)
    if slug == "corridor-graph":
        assert "@prefix" in by_shell
        assert int(by_python.split()[0]) > 10
    elif slug == "does-actor-fund-in-country":
        assert json.loads(by_shell) == {"head": {}, "boolean": by_python.strip() == "True"}
    else:
        rows = list(csv.DictReader(io.StringIO(by_shell)))
        assert len(rows) == len(by_python.splitlines())
        assert bool(rows) == (slug != "search")


@pytest.mark.parametrize("slug", ["corridor-graph", "does-actor-fund-in-country"])
def test_r_needs_no_package(slug: str, endpoint: str) -> None:
    """That R runs them is measured by hand: `python -m benchmarks.r_snippets`."""
    shown = snippets(endpoint, slug, CASES[slug])["r"]
    assert "::" not in shown
    assert "library(" not in shown
    (address,) = re.findall(r'readLines\("(http[^"]*)"', shown)
    answer = httpx.get(address)
    assert answer.status_code == 200
    if slug == "corridor-graph":
        assert len(answer.text.splitlines()) > 10
    else:
        assert re.search('"boolean": *true', answer.text)


def test_every_question_has_its_snippets(endpoint: str) -> None:
    listed = httpx.get(f"{endpoint}/queries?format=json").json()
    asked = [entry for entry in listed if entry["form"] == "SELECT"]
    assert len(asked) > 40
    for entry in asked[::7]:
        shown = snippets(endpoint, entry["slug"], entry["example"])
        assert list(shown) == ["curl", "migov", "python", "r", "spreadsheet"]
        compile(shown["python"], entry["slug"], "exec")
        address = re.findall(r'"(http[^"]*)"', shown["r"])
        assert shown["spreadsheet"] == f'=IMPORTDATA("{address[0]}")'
        assert httpx.get(address[0]).headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_host_stays_a_text(client: FlaskClient) -> None:
    """What a client says of its host enters its own page alone, and quoted even there."""
    page = client.get(
        "/queries/budgets", headers={"Accept": "text/html", "Host": "a'$(id)\"<b>.example"}
    )
    text = page.get_data(as_text=True)
    assert "<b>.example" not in text
    assert page.status_code in (200, 400)


def test_long_answers_are_asked_for_whole(endpoint: str) -> None:
    shown = snippets(endpoint, "country-codes", {"limit": "10"})
    assert "limit=10000" in shown["curl"]


class TestSheet:
    def test_download(self, client: FlaskClient) -> None:
        plain = client.get("/queries/country-codes.csv?limit=20")
        made = client.get("/queries/country-codes.sheet?limit=20")
        assert made.mimetype == "text/csv"
        assert made.headers["Content-Disposition"] == "attachment; filename=country-codes.csv"
        assert made.data.startswith(b"\xef\xbb\xbf")
        assert made.data.decode("utf-8-sig") == plain.data.decode()
        assert client.get("/queries/corridor-graph.sheet").status_code == 406

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
    def test_nothing_is_a_formula(self, cells: list[str]) -> None:
        out = io.StringIO(newline="")
        csv.writer(out).writerow(["=", *cells])
        (row,) = csv.reader(
            io.StringIO(sheet(out.getvalue().encode()).decode("utf-8-sig"), newline="")
        )
        assert len(row) == len(cells) + 1
        for before, after in zip(cells, row[1:], strict=True):
            assert after in (before, f"'{before}")
            assert not after.startswith(("=", "@", "\t", "\r"))
