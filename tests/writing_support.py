"""A server over a small repository that takes writes, for tests of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dulwich.objects import Commit
from dulwich.repo import Repo
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from change_support import commit, small_repository
from migov.access import new_token
from migov.change import base_files, files_now
from migov.engine.published import Published
from migov.repository import Repository
from migov.settings import Settings
from migov.vocabulary import GRAPH
from migov.web import create_app
from migov.web.served import READINGS
from migov.web.writing import VERDICTS

AUTHOR = "Ann Author <ann@example.org>"
ILO, WHO = "data/actors/ilo.ttl", "data/actors/who.ttl"
PREFIXES = (
    "@prefix actor: <https://w3id.org/migov/id/actor/> .\n"
    "@prefix mg: <https://w3id.org/migov/ns#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
)
BAD = PREFIXES + "actor:ilo skos:related actor:icpmd .\n"
POLICY = """blocks: [violation]
exceptions:
""" + "".join(
    f"  - {{rule: 'migov:{rule}', reason: The ontology is not there., expires: 2999-12-31}}\n"
    for rule in ("graph-described", "missing-licence", "missing-type")
)


def note(text: str, subject: str = "ilo") -> str:
    """Return a change that conforms: one more name."""
    return f'{PREFIXES}actor:{subject} skos:altLabel "{text}"@en .\n'


def graph(path: str = ILO) -> str:
    return GRAPH + path


@dataclass(frozen=True, slots=True)
class Writing:
    """An application that takes writes, the tokens for it, and what it writes to."""

    app: Flask
    repository: Repository
    settings: Settings
    merge: str
    propose: str

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def send(
        self, method: str, path: str, token: str | None = None, **more: object
    ) -> TestResponse:
        """Send a request with a token; `more` is what Werkzeug's client takes."""
        headers = dict(more.pop("headers", {}))  # type: ignore[call-overload]
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.open(path, method=method, headers=headers, **more)  # type: ignore[arg-type]

    def change(self, text: str, token: str | None = None, **query: str) -> TestResponse:
        """POST Turtle for the ILO's file to /changes, to be merged."""
        return self.send(
            "POST",
            "/changes",
            token,
            query_string={"merge": "true", "file": ILO, **query},
            data=text,
            content_type="text/turtle",
        )

    def head(self) -> Commit:
        with Repo(str(self.repository.root)) as git:
            found = git[git.head()]
            assert isinstance(found, Commit)
            return found

    def is_clean(self) -> bool:
        """Whether files, index and history agree, and nothing else was left."""
        with Repo(str(self.repository.root)) as git:
            index = git.open_index()
            changes = list(index.changes_from_tree(git.object_store, self.head().tree))
        left = [path for path in self.repository.root.rglob("*.migov-merge") if path.is_file()]
        left += list(self.settings.cache.glob(".proposal-*"))
        same = files_now(self.repository) == base_files(self.repository, "HEAD")
        return same and not changes and not left

    def state(self) -> tuple[bytes, dict[str, str]]:
        """Return the commit, and the digest of every file outside git's own folder."""
        root = self.repository.root
        return self.head().id, {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file() and ".git" not in path.parts
        }


def policed_repository(folder: Path) -> Repository:
    """Make a small repository of this project's content, whose policy lets new graphs pass."""
    repository = small_repository(folder)
    (folder / "shapes/policy.yaml").write_text(POLICY, encoding="utf-8")
    commit(folder, "Add a policy")
    return repository


@contextmanager
def writing(folder: Path) -> Iterator[Writing]:
    """Serve a small repository of this project's content with writes, inside this process."""
    with serving(policed_repository(folder / "checkout"), folder) as server:
        yield server


@contextmanager
def serving(
    repository: Repository, folder: Path, kind: type[Published] = Published
) -> Iterator[Writing]:
    """Serve a repository with writes; the folder takes the cache and the tokens."""
    tokens = folder / "private" / "tokens.json"
    settings = replace(Settings(), cache=folder / "cache", tokens=tokens, deadline=30.0)
    merge = new_token(tokens, "ann", ["merge"], AUTHOR)
    propose = new_token(tokens, "bob", ["propose"], "Bob <bob@example.org>")
    with closing(kind(repository, settings)) as current:
        app = create_app(current, settings)
        try:
            yield Writing(app, repository, settings, merge, propose)
        finally:
            app.extensions[VERDICTS].close()
            app.extensions[READINGS].close()
