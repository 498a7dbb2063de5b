"""A running server notices what happens to its files outside it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from conftest import ROOT, running
from migov.errors import EnvironmentProblem
from migov.repository import Repository
from migov.web.server import address, bind
from migov.web.watch import Watcher

pytestmark = pytest.mark.needs("git")
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
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript:' not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    listed = httpx.get(f"{watched}/id/actor", headers={"Accept": "text/html"}).text
    assert "<script" not in listed


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


def test_not_while_git_is_at_work(tmp_path: Path) -> None:
    for name in ("ontology", "data", "shapes", "queries"):
        (tmp_path / name).mkdir()
    git(tmp_path, "init", "-q")
    lock = tmp_path / ".git/index.lock"
    lock.touch()
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
