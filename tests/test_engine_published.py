"""What is published: one whole state at a time, swapped while requests are in flight."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import small
from engine_support import MG, forkers_of, wait_for, workers_of
from migov.engine import Published, select
from migov.engine.published import published
from migov.errors import (
    ContentError,
    ContentSyntaxError,
    EnvironmentProblem,
)
from migov.settings import Settings


@pytest.fixture
def current(tmp_path: Path) -> Iterator[Published]:
    settings = Settings(cache=tmp_path / "cache", workers=1)
    with published(small.repository(tmp_path / "checkout"), settings) as one:
        yield one
        last = one.edition.snapshot
    assert workers_of(str(last.folder)) == []


def count(published: Published) -> int:
    text = f"{MG} SELECT ?i {{ ?i a mg:Project }}"
    return len(select(published.edition.engine, text))


def test_a_refresh_publishes_what_changed_and_keeps_the_good_when_it_is_broken(
    current: Published,
) -> None:
    first = current.edition
    assert count(current) == 1
    assert not current.refresh()
    assert current.edition is first
    three = current.repository.data / "records" / "three.ttl"
    small.write(three, "initiative:k a mg:Project .")
    assert current.refresh()
    assert count(current) == 2
    assert workers_of(str(first.snapshot.folder)) == []
    second = current.edition

    small.write(three, "initiative:k a mg:Project")
    assert not current.refresh()
    assert isinstance(current.problem, ContentSyntaxError)
    assert current.problem.place is not None
    assert current.problem.place.source == "data/records/three.ttl"
    assert current.edition is second
    assert count(current) == 2

    small.write(three, "initiative:k a mg:Project .")
    assert not current.refresh()
    assert current.problem is None
    assert current.edition is second

    three.unlink()
    assert current.refresh()
    assert current.edition.snapshot.digest == first.snapshot.digest
    assert count(current) == 1


def test_what_is_served_beside_it_is_ready_or_nothing_is_published(current: Published) -> None:
    before = current.edition
    small.write(current.repository.data / "three.ttl", "initiative:k a mg:Project .")

    def broken(edition: object) -> None:
        assert edition is not before
        assert current.edition is before
        raise ContentError("queries/a.rq is broken.")

    assert not current.refresh(broken)
    assert str(current.problem) == "queries/a.rq is broken."
    assert current.edition is before
    ours = str(current.repository.root.parent)
    wait_for(lambda: len(workers_of(ours)) == 3, "what was prepared to end")
    assert len(forkers_of(ours)) == 1
    seen: list[object] = []
    assert current.refresh(seen.append)
    assert seen == [current.edition]
    assert current.problem is None


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "checkout")
    small.write(repository.data / "three.ttl", "initiative:k a")
    with pytest.raises(ContentSyntaxError, match=r"three\.ttl"):
        Published(repository, Settings(cache=tmp_path / "cache"))


def test_a_refresh_that_cannot_be_written_keeps_the_good(current: Published) -> None:
    before = current.edition
    cache = current.edition.snapshot.folder.parents[1]
    cache.rename(cache.with_name("elsewhere"))
    cache.write_text("", encoding="utf-8")
    small.write(current.repository.data / "three.ttl", "initiative:k a mg:Project .")
    assert not current.refresh()
    assert isinstance(current.problem, EnvironmentProblem)
    assert current.edition is before
    assert count(current) == 1
    cache.unlink()
    assert current.refresh()
    assert current.problem is None
    assert count(current) == 2


def test_requests_in_flight_end_on_the_edition_they_began_with(current: Published) -> None:
    files = [current.repository.data / f"more-{number}.ttl" for number in range(4)]
    stop = threading.Event()
    seen: list[int] = []
    sizes: set[int] = set()

    def reads() -> None:
        while not stop.is_set():
            edition = current.edition
            expected = edition.snapshot.graphs
            for _ in range(3):
                text = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
                found = {row["g"].value for row in select(edition.engine, text)}
                assert found == set(expected)
            seen.append(len(expected))

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(reads) for _ in range(3)]
        for number, path in enumerate(files):
            small.write(path, f"initiative:more-{number} a mg:Project .")
            assert current.refresh()
            seen.clear()
            wait_for(lambda: len(seen) > 3, "requests to be answered")
            sizes |= set(seen)
        stop.set()
        for reader in readers:
            reader.result(timeout=30)
    assert len(sizes) > 1
    ours = str(current.repository.root.parent)
    # The visitors', the house's, and one in reserve.
    wait_for(lambda: len(workers_of(ours)) == 3, "older workers to end")
    assert len(forkers_of(ours)) == 1
