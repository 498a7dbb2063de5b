"""A running server notices what happens to its files outside it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import small
from conftest import ROOT, running
from migov.engine.published import published
from migov.errors import EnvironmentProblem
from migov.front.server import address, bind
from migov.repository import Repository
from migov.settings import Settings
from migov.web.site import Beside, ChangedMeanwhileError, Site, read_beside
from migov.web.watch import Watcher

# Each test goes on from what the one before it left.
pytestmark = [pytest.mark.needs("git"), pytest.mark.xdist_group("watch")]
NEW_ACTOR = """\
@base <https://w3id.org/migov/graph/data/actors/newcomer.ttl> .
@prefix actor: <https://w3id.org/migov/id/actor/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<> a mg:CuratedGraph ; dcterms:title "Newcomer"@en , "Nouveau"@fr .

actor:newcomer a mg:Organisation ;
    skos:prefLabel "<script>alert('x')</script> & \\u202E\\u05D0 newcomer"@en , "Nouveau"@fr ;
    skos:altLabel "</title><img src=x onerror=alert(1)>"@en ;
    foaf:page <javascript:alert(1)> ;
    mg:name "{{ 7 * 7 }} {% raw %}" .

actor:old-newcomer a mg:Organisation ; skos:prefLabel "Old"@en , "Ancien"@fr ;
    dcterms:isReplacedBy actor:newcomer .
"""


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "as it was")
    return folder


@pytest.fixture(scope="module")
def watched(checkout: Path, cache: Path) -> Iterator[str]:
    with running(checkout, cache) as found:
        yield found


def snapshot(watched: str) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{watched}/snapshot").json()
    return found


def test_a_commit_is_published(watched: str, checkout: Path) -> None:
    before = snapshot(watched)
    assert before["revision"] == git(checkout, "rev-parse", "HEAD")
    assert httpx.get(f"{watched}/id/actor/newcomer").status_code == 404
    (checkout / "data/actors/newcomer.ttl").write_text(NEW_ACTOR, encoding="utf-8")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "a newcomer")
    until(lambda: snapshot(watched)["digest"] != before["digest"])
    until(lambda: snapshot(watched)["revision"] == git(checkout, "rev-parse", "HEAD"))
    assert httpx.get(f"{watched}/id/actor/newcomer").status_code == 200


def test_hostile_labels_render_harmlessly(watched: str, checkout: Path) -> None:
    page = httpx.get(f"{watched}/id/actor/newcomer", headers={"Accept": "text/html"}).text
    assert "<script>" not in page
    assert "<img" not in page
    assert 'href="javascript:' not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    listed = httpx.get(f"{watched}/id/actor", headers={"Accept": "text/html"}).text
    assert "<script>" not in listed


def test_what_was_replaced_leads_on(watched: str) -> None:
    for accept in ("text/html", "text/turtle"):
        response = httpx.get(f"{watched}/id/actor/old-newcomer", headers={"Accept": accept})
        assert response.status_code == 301
        assert response.headers["Location"] == "/id/actor/newcomer"
    assert httpx.get(f"{watched}/id/actor/old-newcomer.ttl").headers["Location"].endswith(".ttl")


def test_a_new_revision_of_the_same_files(watched: str, checkout: Path) -> None:
    before = snapshot(watched)
    git(checkout, "commit", "-q", "--allow-empty", "-m", "nothing")
    until(lambda: snapshot(watched)["revision"] == git(checkout, "rev-parse", "HEAD"))
    assert snapshot(watched)["digest"] == before["digest"]


def test_a_broken_file_leaves_the_last_good_snapshot(watched: str, checkout: Path) -> None:
    before = snapshot(watched)
    broken = checkout / "data/actors/newcomer.ttl"
    broken.write_text(NEW_ACTOR.replace("mg:Organisation ;", "mg:Organisation", 1))
    until(lambda: snapshot(watched)["problem"] is not None)
    told = snapshot(watched)["problem"]
    assert isinstance(told, dict)
    assert told["file"] == "data/actors/newcomer.ttl"
    assert told["line"]
    assert snapshot(watched)["digest"] == before["digest"]
    page = httpx.get(f"{watched}/", headers={"Accept": "text/html"})
    assert "Newer files are not published" in page.text
    assert "data/actors/newcomer.ttl" in page.text
    assert httpx.get(f"{watched}/id/actor/newcomer").status_code == 200
    broken.write_text(NEW_ACTOR, encoding="utf-8")
    until(lambda: snapshot(watched)["problem"] is None)
    assert "Newer files" not in httpx.get(f"{watched}/", headers={"Accept": "text/html"}).text


def test_queries_are_read_again(watched: str, checkout: Path) -> None:
    source = checkout / "queries/country-codes.rq"
    new = checkout / "queries/zz-new.rq"
    shutil.copy(source, new)
    until(lambda: httpx.get(f"{watched}/queries/zz-new.json").status_code == 200)
    new.write_text("no header", encoding="utf-8")
    until(lambda: snapshot(watched)["problem"] is not None)
    assert httpx.get(f"{watched}/queries/zz-new.json").status_code == 200
    new.unlink()
    until(lambda: httpx.get(f"{watched}/queries/zz-new.json").status_code == 404)
    assert snapshot(watched)["problem"] is None


def test_what_is_published_is_one_whole_state(watched: str, checkout: Path) -> None:
    before = snapshot(watched)
    data, query = checkout / "data/actors/newcomer.ttl", checkout / "queries/zz-new.rq"
    shutil.copy(checkout / "queries/country-codes.rq", query)
    data.write_text("broken", encoding="utf-8")
    until(lambda: snapshot(watched)["problem"] is not None)
    assert httpx.get(f"{watched}/queries/zz-new.json").status_code == 404
    data.write_text(NEW_ACTOR + "# more\n", encoding="utf-8")
    query.write_text("broken", encoding="utf-8")

    def is_the_query() -> bool:
        problem = snapshot(watched)["problem"]
        return isinstance(problem, dict) and problem["file"] == "queries/zz-new.rq"

    until(is_the_query)
    assert snapshot(watched)["digest"] == before["digest"]
    query.unlink()
    until(lambda: snapshot(watched)["problem"] is None)
    assert snapshot(watched)["digest"] != before["digest"]


def test_a_link_publishes_nothing_and_a_lock_file_blocks_nothing(
    watched: str, checkout: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret line\n", encoding="utf-8")
    for name in ("data/odd.ttl", "shapes/odd.ttl", "queries/odd.rq"):
        link = checkout / name
        link.symlink_to(secret)
        until(lambda: snapshot(watched)["problem"] is not None)
        told = httpx.get(f"{watched}/snapshot").text
        page = httpx.get(f"{watched}/", headers={"Accept": "text/html"}).text
        assert name in told
        assert name in page
        for text in (told, page):
            assert "a secret line" not in text
            assert str(checkout) not in text
            assert str(tmp_path) not in text
        link.unlink()
        until(lambda: snapshot(watched)["problem"] is None)
    locks = [checkout / name for name in ("data/.#a.ttl", "shapes/.#a.ttl", "queries/.#a.rq")]
    for lock in locks:
        lock.symlink_to("someone@host.1234:5678")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "beside the lock files")
    until(lambda: snapshot(watched)["revision"] == git(checkout, "rev-parse", "HEAD"))
    assert snapshot(watched)["problem"] is None
    for lock in locks:
        lock.unlink()


def test_the_text_of_a_query_is_the_one_that_is_answered(watched: str, checkout: Path) -> None:
    source = checkout / "queries/country-codes.rq"
    text = source.read_text(encoding="utf-8")
    assert httpx.get(f"{watched}/queries/country-codes.rq").text == text
    source.write_text("broken", encoding="utf-8")
    until(lambda: snapshot(watched)["problem"] is not None)
    assert httpx.get(f"{watched}/queries/country-codes.rq").text == text
    source.write_text(text, encoding="utf-8")
    until(lambda: snapshot(watched)["problem"] is None)


def test_what_fails_is_told_without_folders_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    repository = small.repository(tmp_path / "checkout")
    settings = Settings(cache=tmp_path / "cache", workers=1)
    with published(repository, settings) as current:
        served = Site(current, settings)
        before = served.state
        for failure in (OSError(str(tmp_path)), EnvironmentProblem(str(tmp_path))):

            def fails(*_: object, failure: Exception = failure) -> None:
                raise failure

            with monkeypatch.context() as patched:
                patched.setattr("migov.engine.published.build_snapshot", fails)
                watcher = Watcher(repository, 0.02, served.refresh)
                watcher.start()
                until(lambda: served.problem is not None, 5)
            assert str(tmp_path) not in f"{served.problem} {getattr(served.problem, 'hint', '')}"
            assert served.state.version == before.version
            until(lambda: served.problem is None, 5)
            watcher.stop()
            watcher.join()
            # The operator is told where it was; of a known problem no more than that.
            told = next(each for each in caplog.records if "not be published" in each.message)
            assert str(tmp_path) in told.message
            assert bool(told.exc_info) is isinstance(failure, OSError)
            caplog.clear()


def test_files_that_change_while_they_are_read_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = small.repository(tmp_path / "checkout")
    settings = Settings(cache=tmp_path / "cache", workers=1)
    with published(repository, settings) as current:
        served = Site(current, settings)
        before = served.state

        def meanwhile(where: Repository) -> Beside:
            small.write(where.data / "late.ttl", "initiative:late a mg:Project .")
            return read_beside(where)

        with monkeypatch.context() as patched:
            patched.setattr("migov.web.site.read_beside", meanwhile)
            with pytest.raises(ChangedMeanwhileError):
                served.refresh()
        assert served.state is before
        served.refresh()
        assert served.state.snapshot.digest != before.snapshot.digest


def locked_checkout(folder: Path) -> Path:
    """Make a checkout without files, and return the lock that is held on its index."""
    for name in ("ontology", "data", "shapes", "queries"):
        (folder / name).mkdir()
    git(folder, "init", "-q")
    lock = folder / ".git/index.lock"
    lock.touch()
    return lock


def test_not_while_git_is_at_work(tmp_path: Path) -> None:
    lock = locked_checkout(tmp_path)
    seen: list[int] = []
    watcher = Watcher(Repository(tmp_path), 0.02, lambda: seen.append(1))
    watcher.start()
    try:
        (tmp_path / "data/a.ttl").write_text("")
        time.sleep(0.3)
        assert seen == []
        lock.unlink()
        until(lambda: seen == [1], 5)
        (tmp_path / "data/a.ttl").write_text("# more")
        until(lambda: seen == [1, 1], 5)
        time.sleep(0.2)
        assert seen == [1, 1]
    finally:
        watcher.stop()
        watcher.join()


def test_a_lock_that_git_left_behind_blocks_nothing(tmp_path: Path) -> None:
    lock = locked_checkout(tmp_path)
    os.utime(lock, (time.time() - 100, time.time() - 100))
    seen: list[int] = []
    watcher = Watcher(Repository(tmp_path), 0.02, lambda: seen.append(1))
    watcher.start()
    try:
        until(lambda: seen == [1], 5)
    finally:
        watcher.stop()
        watcher.join()


def test_a_taken_port_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentProblem, match=f"Port {port}") as caught:
            bind("127.0.0.1", port)
        assert "--port" in str(caught.value.hint)
    with pytest.raises(EnvironmentProblem, match="not an address"):
        bind("no.such.host.invalid", 0)
    with bind("127.0.0.1", 0) as free:
        assert address(free).startswith("http://127.0.0.1:")
