"""What happens to a store under a running server: behind, empty, killed, half published."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import small
from cli_runner import migov
from conftest import running
from migov.repository import Repository
from migov.settings import Settings
from migov.vocabulary import GRAPH, PUBLISHED_GRAPH
from stores import PASSWORD, STORES, RunningStore, running_store, serving

pytestmark = pytest.mark.xdist_group("stores")


@pytest.fixture(params=STORES)
def own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[RunningStore, Repository, Path]]:
    """A store of either kind for this test alone, and a small checkout."""
    monkeypatch.setenv("MIGOV_PASSWORD", PASSWORD)
    with running_store(request.param, tmp_path / "store") as started:
        yield started, small.repository(tmp_path / "checkout"), tmp_path / "cache"


def test_a_store_that_is_behind_empty_killed_and_back(
    own: tuple[RunningStore, Repository, Path], caplog: pytest.LogCaptureFixture
) -> None:
    store, repository, cache = own
    settings = replace(Settings(), cache=cache, engine=store.query, deadline=5, workers=1)
    arguments: tuple[str | Path, ...] = (
        "publish",
        *store.login,
        "--root",
        repository.root,
        "--cache",
        cache,
    )
    with serving(repository, settings) as (published, client):
        site = client.application.extensions["migov"]
        assert "Nothing was published to the store yet." in client.get("/snapshot").text
        assert client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"}).json == {
            "head": {},
            "boolean": False,
        }

        assert migov(*arguments).code == 0
        site.refresh()
        digest = client.get("/snapshot").headers["Migov-Snapshot"]
        assert published.remark is None

        small.write(repository.root / "data/records/three.ttl", "initiative:k a mg:Project .\n")
        site.refresh()
        page = client.get("/snapshot", headers={"Accept": "text/html"})
        assert "The store holds another snapshot than the files of this server." in page.text
        assert page.headers["Migov-Snapshot"] == digest
        assert any("1 of 4 graphs differ" in line for line in caplog.messages)

        assert migov(*arguments).code == 0
        stale = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"})
        assert stale.status_code == 503, "it knew another snapshot when it asked"
        assert published.outside() is not None
        site.refresh()
        found = client.get("/sparql", query_string={"query": "ASK { initiative:k ?p ?o }"})
        assert json.loads(found.data)["boolean"] is True
        assert found.headers["Migov-Snapshot"] != digest

        store.kill()
        gone = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"})
        assert gone.status_code == 502
        assert gone.content_type == "application/problem+json"
        assert json.loads(gone.data)["type"].endswith("/store")
        assert "Its operator" in json.loads(gone.data)["hint"]
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 502
        published.outside()
        assert "The store cannot be reached." in client.get("/changes").text
        store.start()
        back = client.get("/sparql", query_string={"query": "ASK { initiative:k ?p ?o }"})
        assert json.loads(back.data)["boolean"] is True
        published.outside()
        site.refresh()
        assert site.problem is None


def test_what_is_kept_goes_with_its_snapshot(tmp_path: Path) -> None:
    repository, cache = small.repository(tmp_path / "checkout"), tmp_path / "cache"
    ask = {"query": "ASK { initiative:k ?p ?o }", "format": "json"}
    with running_store("oxigraph", tmp_path / "store") as store:
        places: tuple[str | Path, ...] = ("--root", repository.root, "--cache", cache)
        publish = ("publish", *store.login, *places)
        assert migov(*publish).code == 0
        with running(repository.root, cache, "--engine", store.query) as address:
            first, again = (httpx.get(f"{address}/sparql", params=ask) for _ in range(2))
            assert first.json()["boolean"] is again.json()["boolean"] is False
            told = httpx.get(f"{address}/metrics").text
            assert re.search(r'kept="yes".*route="/sparql"|route="/sparql".*kept="yes"', told)

            small.write(repository.root / "data/records/three.ttl", "initiative:k a mg:Project .\n")
            assert migov(*publish).code == 0
            until = time.monotonic() + 30
            while (last := httpx.get(f"{address}/sparql", params=ask)).headers.get(
                "Migov-Snapshot"
            ) == first.headers["Migov-Snapshot"]:
                assert last.status_code == 503 or last.json()["boolean"] is False
                assert time.monotonic() < until
                time.sleep(0.1)
            assert last.json()["boolean"] is True


def test_a_store_that_is_not_there_ends_the_command() -> None:
    done = migov("serve", "--port", "0", "--engine", "http://127.0.0.1:9/query")
    assert done.code == 2
    assert "The store cannot be reached." in done.err


def test_an_unfinished_publication_is_said_and_nothing_is_kept(
    store: RunningStore, tmp_path: Path
) -> None:
    """Comes last: the store holds something else than this checkout after it."""
    import small
    from migov.engine.remote import read_state
    from migov.publishing import wanted_now
    from test_publish import published as publish
    from test_publish import sending

    repository, cache = small.repository(tmp_path / "checkout"), tmp_path / "cache"
    publish(store, wanted_now(repository, cache))
    state = read_state(store.remote)
    assert state is not None
    begun = replace(state, ended=None, unfinished=frozenset([f"{GRAPH}data/records/one.ttl"]))
    with sending(store) as sender:
        sender.put(PUBLISHED_GRAPH, [f"{triple} .\n".encode() for triple in begun.triples()])
    settings = Settings(cache=cache, engine=store.query, workers=1)
    with serving(repository, settings) as (_, client):
        answer = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"})
        assert answer.status_code == 200
        assert "ETag" not in answer.headers
        assert "Migov-Snapshot" not in answer.headers
        assert "between two snapshots" in client.get("/changes").text
        publish(store, wanted_now(repository, cache))
        client.application.extensions["migov"].refresh()
        answer = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"})
        assert answer.headers["Migov-Snapshot"] == state.digest
        with sending(store) as sender:
            sender.drop(f"{GRAPH}asserted")
        client.application.extensions["migov"].refresh()
        assert "more or fewer statements" in client.get("/changes").text


def edit(store: RunningStore, *updates: str) -> None:
    """Change a graph and the union in the store, as somebody does who knows nothing of us."""
    from test_publish import sending

    with sending(store) as sender:
        sender.update(
            update.replace("GRAPH {", f"GRAPH <{graph}> {{")
            for update in updates
            for graph in (small.ONE, f"{GRAPH}asserted")
        )


def test_edits_of_others_are_noticed_and_mended(
    store: RunningStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One more statement of somebody else takes names and ETags from all answers."""
    from migov.publishing import wanted_now
    from test_publish import published as publish

    repository, cache = small.repository(tmp_path / "checkout"), tmp_path / "cache"
    publish(store, wanted_now(repository, cache))
    ask = {"query": "ASK { <http://example.org/a> ?p ?o }"}
    with serving(repository, Settings(cache=cache, engine=store.query, workers=1)) as (
        held,
        client,
    ):
        site = client.application.extensions["migov"]
        before, etag = held.outside(), client.get("/sparql", query_string=ask).headers["ETag"]
        edit(store, 'INSERT DATA { GRAPH { <http://example.org/a> <http://example.org/b> "c" } }')
        held._recount._again = 0.0  # as if time had passed
        assert held.outside() != before
        site.refresh()
        found = client.get("/sparql", query_string=ask, headers={"If-None-Match": etag})
        assert found.json == {"head": {}, "boolean": True}
        assert not {"ETag", "Migov-Snapshot"} & set(found.headers.keys())
        assert "more or fewer statements" in client.get("/changes").text
        assert any("Edited in the store:" in line and "one.ttl" in line for line in caplog.messages)

        publish(store, wanted_now(repository, cache))
        site.refresh()
        found = client.get("/sparql", query_string=ask, headers={"If-None-Match": etag})
        assert found.json == {"head": {}, "boolean": False}
        assert found.headers["ETag"] != etag, "whoever kept the edited answer asks anew"
        assert "more or fewer statements" not in client.get("/changes").text


def test_where_others_write_nothing_is_kept_or_named(
    stores: Callable[[str], RunningStore], tmp_path: Path
) -> None:
    """An edit that leaves the counts is in the next answer, labels on pages included."""
    from migov.publishing import wanted_now
    from test_publish import published as publish

    repository, cache = small.repository(tmp_path / "checkout"), tmp_path / "cache"
    store = stores("oxigraph")
    publish(store, wanted_now(repository, cache))
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    labelled = f"<https://w3id.org/migov/id/initiative/i> {label}"
    settings = Settings(cache=cache, engine=store.query, workers=1, engine_edits="on")
    with serving(repository, settings) as (_, client):
        page = client.get("/id/initiative/i", headers={"Accept": "text/html"})
        assert "<h1" in page.text
        assert "Renamed" not in page.text
        assert "more or fewer" not in page.text
        edit(
            store,
            f"DELETE DATA {{ GRAPH {{ {labelled} 'One'@en }} }}",
            f"INSERT DATA {{ GRAPH {{ {labelled} 'Renamed'@en }} }}",
        )
        page = client.get("/id/initiative/i", headers={"Accept": "text/html"})
        assert re.search("<h1[^>]*>Renamed", page.text)
        assert not {"ETag", "Migov-Snapshot"} & set(page.headers.keys())
