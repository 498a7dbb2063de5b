"""What happens to a store under a running server: behind, empty, killed, half published."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
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
from stores import STORES, RunningStore, running_store, serving

pytestmark = pytest.mark.xdist_group("stores")


@pytest.fixture(params=STORES)
def own(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[RunningStore, Repository, Path]]:
    """A store of either kind for this test alone, and a small checkout."""
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
        assert "lost statements" in client.get("/changes").text
