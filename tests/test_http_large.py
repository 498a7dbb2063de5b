"""Pages of a graph that is too large for them: they say what is missing, and have it later.

The graph is this checkout's. Parts are late by a bound that nothing keeps to, or by a stand-in that
lets everything pass but what has a bound.
"""

from __future__ import annotations

import html
import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient

from engine_support import FOREVER, workers_of
from front_support import until
from migov.dumps.apart import write_apart
from migov.engine import Published, Query
from migov.engine.local import LocalEngine
from migov.entities import told
from migov.entities.facets import counts_of, things_of
from migov.errors import DeadlineError, EnvironmentProblem
from migov.settings import Settings
from migov.web import create_app, dumps, list_parts, lists

HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}
LISTS = ("initiatives", "actors", "countries", "events", "records")


@pytest.fixture
def hurried(current: Published, settings: Settings) -> FlaskClient:
    """A server whose pages have no time for any of their parts."""
    return create_app(current, replace(settings, part=0.0001)).test_client()


@pytest.fixture
def fresh(current: Published, settings: Settings) -> FlaskClient:
    """A server of this test alone, that has found out nothing later."""
    return create_app(current, settings).test_client()


@pytest.fixture
def gate(fresh: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Has what sorts and counts for `fresh` be late; what it asks later waits until this is set.

    Not for the server that tests share: it would keep what the settings of one test cut short.
    """
    passes = Event()

    def late(ask: Callable[..., Any], is_late: Callable[..., bool]) -> Callable[..., Any]:
        def asked(*given: Any, within: float | None = None, **named: Any) -> Any:
            if within is None:
                assert passes.wait(30)
            elif current_app == fresh.application and is_late(*given):
                raise DeadlineError("late")
            return ask(*given, within=within, **named)

        return asked

    monkeypatch.setattr(list_parts, "things_of", late(things_of, lambda *given: given[3]))
    monkeypatch.setattr(
        list_parts, "counts_of", late(counts_of, lambda *given: len(given) < 4 or given[3])
    )
    yield passes
    passes.set()


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200, path
    return html.unescape(response.get_data(as_text=True))


def whole(client: FlaskClient, path: str) -> dict[str, Any]:
    """Return the document of a list as soon as nothing is missing of it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        response = client.get(path, headers=JSON)
        if response.status_code == 200 and "missing" not in response.get_json():
            found: dict[str, Any] = response.get_json()
            return found
        time.sleep(0.05)
    raise AssertionError(f"{path} never was whole")


def test_a_list_that_takes_too_long_says_what_it_lacks(fresh: FlaskClient, gate: Event) -> None:
    response = fresh.get("/initiatives?country=mar", headers=HTML)
    text = html.unescape(response.get_data(as_text=True))
    assert response.status_code == 200
    assert "In no order: these are being sorted." in text
    assert re.search("Still being counted: Country or territory, .*Theme", text)
    assert text.count("<h3><a") == int(re.findall(r"(\d+) found", text)[0]) > 2
    assert 'class="count"' not in text
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    french = page(fresh, "/initiatives?country=mar&lang=fr")
    assert "Sans ordre\u202f: le tri est en cours." in french
    assert "Décompte en cours\u202f: Pays ou territoire" in french


def test_programs_are_told_what_is_missing(fresh: FlaskClient, gate: Event) -> None:
    found = fresh.get("/countries.json").get_json()
    assert found["missing"] == ["initiative", "objective", "order", "region", "theme"]
    assert found["facets"] == {}
    assert found["total"] == fresh.get("/countries.json?sort=name").get_json()["total"] > 200


@pytest.mark.parametrize("path", ["/initiatives?country=mar", "/actors", "/countries?offset=25"])
def test_what_comes_later_is_what_comes_at_once(
    fresh: FlaskClient, client: FlaskClient, gate: Event, path: str
) -> None:
    assert fresh.get(path, headers=JSON).get_json()["missing"]
    gate.set()
    assert whole(fresh, path) == whole(client, path)
    later, at_once = (each.get(path, headers=HTML) for each in (fresh, client))
    assert later.get_data() == at_once.get_data()
    assert later.headers["ETag"] == at_once.headers["ETag"]


@pytest.mark.parametrize("name", LISTS)
def test_no_time_at_all(hurried: FlaskClient, client: FlaskClient, name: str) -> None:
    """The real workers, ended before they can answer."""
    text = page(hurried, f"/{name}")
    assert "These are still being looked for." in text or "In no order" in text
    assert "There is nothing of this kind" not in text
    assert whole(hurried, f"/{name}") == whole(client, f"/{name}")


def test_nothing_is_no_answer_for_programs(
    fresh: FlaskClient, gate: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: Any, within: float | None = None, **__: Any) -> list[str]:
        assert within is not None or gate.wait(30)
        raise DeadlineError("late")

    monkeypatch.setattr(list_parts, "things_of", late)
    assert fresh.get("/actors.json").status_code == 503
    assert "These are still being looked for." in page(fresh, "/actors")
    gate.set()
    for path, said in (
        ("/actors", "These take too long to be found."),
        ("/actors?lang=fr", "Cette recherche prend trop de temps."),
    ):
        until = time.monotonic() + 20
        while said not in page(fresh, path):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_list_that_was_sorted_later_has_an_end(
    fresh: FlaskClient, client: FlaskClient, gate: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (list_parts, lists):
        monkeypatch.setattr(module, "FIRST", 30)
    assert "order" in fresh.get("/countries.json").get_json()["missing"]
    gate.set()
    first = whole(fresh, "/countries.json")
    assert first["things"] == whole(client, "/countries.json")["things"]
    assert first["more"]
    second = fresh.get("/countries.json?offset=25").get_json()
    assert (len(second["things"]), second["more"], second["missing"]) == (5, False, ["beyond"])
    assert "This list ends after the first 30." in page(fresh, "/countries?offset=25")
    assert "past the last" not in page(fresh, "/countries?offset=50")


@pytest.mark.parametrize("path", ["/countries", "/actors", "/initiatives"])
def test_many_values_are_told_as_their_number(
    fresh: FlaskClient, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    usual, same = page(client, path), whole(client, path)["things"]
    monkeypatch.setattr(told, "_EACH", 1)
    text = page(fresh, path)
    numbers = r"(?:in )?\d+ (?:initiative|record)s?[^<]*<"
    assert re.findall(numbers, text) == re.findall(numbers, usual) != []
    things = whole(fresh, path)["things"]
    counted = [
        (name, number, len(full[name]))
        for thing, full in zip(things, same, strict=True)
        for name, number in thing.get("numbers", {}).items()
    ]
    assert counted
    assert all(number == many > 1 for _, number, many in counted)


def test_quality_is_counted_later(hurried: FlaskClient, client: FlaskClient) -> None:
    usual = page(client, "/quality")
    response = hurried.get("/quality", headers=HTML)
    assert response.status_code == 200
    assert response.text.count("Still being counted. Look again in a few minutes.") == 2
    assert response.headers["Cache-Control"] == "no-store"
    until = time.monotonic() + 30
    while page(hurried, "/quality") != usual:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "ETag" in hurried.get("/quality", headers=HTML).headers


def test_what_nobody_waits_for_gives_way(current: Published) -> None:
    forker = current.edition.forker
    assert forker is not None

    def giving_way() -> int:
        workers = workers_of(str(forker.snapshot.folder))
        return [os.getpriority(os.PRIO_PROCESS, each) for each in workers].count(10)

    with current.edition.patient(5) as engine:
        assert isinstance(engine, LocalEngine)
        for _ in range(2):
            until(lambda: giving_way() == 1)
            with pytest.raises(DeadlineError):
                engine.answer(Query(FOREVER, within=0.1))
    until(lambda: giving_way() == 0)


def test_the_page_of_dumps_does_not_wait_for_them(
    current: Published, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = Event()

    def slow(*given: Any) -> Any:
        assert passes.wait(30)
        return write_apart(*given)

    monkeypatch.setattr(dumps, "write_apart", slow)
    monkeypatch.setattr(dumps, "_PAGE_WAITS", 0.05)
    own = replace(settings, cache=tmp_path, deadline=0.2)
    client = create_app(current, own).test_client()
    response = client.get("/dumps", headers=HTML)
    assert response.status_code == 200
    assert "These files are being written" in response.text
    assert "migov.nq.gz" in response.text
    assert "/dumps/migov.nq.gz" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert "en cours d’écriture" in page(client, "/dumps?lang=fr")
    for path, accept in (
        ("/dumps", "application/json"),
        ("/dumps/migov.nq.gz", "*/*"),
        ("/.well-known/void", "text/turtle"),
    ):
        refused = client.get(path, headers={"Accept": accept})
        assert refused.status_code == 503, path
        assert "Retry-After" in refused.headers
    passes.set()
    until = time.monotonic() + 30
    while "/dumps/migov.nq.gz" not in (text := page(client, "/dumps")):
        assert time.monotonic() < until
    assert "being written" not in text
    with client.get("/dumps/migov.nq.gz") as given:
        assert given.status_code == 200


def test_dumps_that_could_not_be_written_are_tried_again(
    current: Published, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise EnvironmentProblem("The disk is full.")

    client = create_app(current, replace(settings, cache=tmp_path)).test_client()
    with monkeypatch.context() as patch:
        patch.setattr(dumps, "write_apart", failing)
        assert client.get("/dumps", headers=HTML).status_code == 500
    assert client.get("/dumps", headers=JSON).status_code in (200, 503)


def test_a_full_disk_is_told_without_naming_folders(
    current: Published, settings: Settings, tmp_path: Path
) -> None:
    """The longest file that a process may write stands for the room on a disk."""
    client = create_app(current, replace(settings, cache=tmp_path)).test_client()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        refused = client.get("/dumps", headers=HTML)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.status_code == 500
    assert "The dumps cannot be written: File too large." in refused.text
    assert str(tmp_path) not in refused.text
    assert not list(tmp_path.rglob(".unfinished-*"))
