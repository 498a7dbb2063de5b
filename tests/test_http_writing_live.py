"""A real server that takes writes: the example of the README, and many who write at once."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from change_support import small_repository
from conftest import ROOT, running
from git_repository import environment, git
from migov.access import new_token
from migov.repository import Repository
from writing_support import ILO, note

AUTHOR = "Ann Author <ann@example.org>"
CLIENTS = 6


def test_the_example_of_the_readme_works(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    (block,) = [block for block in blocks if "migov token new" in block]
    repository = small_repository(tmp_path / "checkout")
    home = tmp_path / "home"
    tokens = home / ".config/migov/tokens.json"
    new_token(tokens, "first", ["propose"], AUTHOR)
    (tmp_path / "names.ttl").write_text(note("As in the README"), encoding="utf-8")
    with running(repository.root, tmp_path / "cache", "--tokens", str(tokens)) as address:
        script = block.replace("migov serve &\n", "").replace("http://127.0.0.1:8000", address)
        assert address in script
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=environment(HOME=str(home)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert '"merged"' in done.stdout
        asked = {"query": 'ASK { ?s ?p "As in the README"@en }'}
        assert httpx.get(f"{address}/sparql", params=asked).json()["boolean"] is True
    shown = git(repository.root, "log", "-1", "--format=%an <%ae>%n%s").stdout
    assert shown == f"{AUTHOR}\nAdd a name\n"


def test_of_many_at_once_each_is_checked_on_what_the_others_left(tmp_path: Path) -> None:
    repository = small_repository(tmp_path / "checkout")
    tokens = tmp_path / "private/tokens.json"
    secret = new_token(tokens, "ann", ["merge"], AUTHOR)
    with running(repository.root, tmp_path / "cache", "--tokens", str(tokens)) as address:
        before = httpx.get(f"{address}/sparql", params={"query": "ASK {}"})

        def merge(number: int, **headers: str) -> httpx.Response:
            return httpx.post(
                f"{address}/changes",
                params={"merge": "true", "file": ILO},
                content=note(f"Name {number}"),
                headers={
                    "Authorization": f"Bearer {secret}", "Content-Type": "text/turtle", **headers
                },
                timeout=120,
            )  # fmt: skip

        with ThreadPoolExecutor(CLIENTS) as clients:
            merged = list(clients.map(merge, range(CLIENTS)))
        assert [response.status_code for response in merged] == [200] * CLIENTS
        commits = [response.headers["Migov-Commit"] for response in merged]
        assert len(set(commits)) == CLIENTS
        assert sorted(commits) == sorted(_history(repository)[:CLIENTS])
        assert len({response.headers["Migov-Snapshot"] for response in merged}) == CLIENTS
        text = (repository.root / ILO).read_text(encoding="utf-8")
        assert all(f'"Name {number}"@en' in text for number in range(CLIENTS))
        counting = {"query": 'SELECT ?o { ?s ?p ?o FILTER STRSTARTS(STR(?o), "Name ") }'}
        rows = httpx.get(f"{address}/sparql", params=counting).json()["results"]["bindings"]
        assert len(rows) == CLIENTS

        state = f'"{rows and httpx.get(f"{address}/").headers["Migov-Snapshot"]}"'
        assert state != f'"{before.headers["Migov-Snapshot"]}"'
        with ThreadPoolExecutor(2) as clients:
            raced = list(
                clients.map(lambda number: merge(number, **{"If-Match": state}), (100, 101))
            )
        assert sorted(response.status_code for response in raced) == [200, 412]
    assert git(repository.root, "status", "--porcelain").stdout == ""
    assert git(repository.root, "fsck", "--strict").returncode == 0


def _history(repository: Repository) -> list[str]:
    return git(repository.root, "log", "--format=%H").stdout.split()
