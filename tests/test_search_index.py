"""The full-text index: its words, its order, its limits, and what its process may not do."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

import engine_support
import small
from migov.errors import EnvironmentProblem, ParameterError, ResourceError
from migov.fulltext import TEXT, Index, Search, Texts
from migov.fulltext.lookup import RANKED
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.words import folded, words

LABEL = STANDARD_PREFIXES["skos"] + "prefLabel"
ABSTRACT = STANDARD_PREFIXES["dcterms"] + "abstract"


def index_of(folder: Path, quads: list[Quad]) -> Index:
    folder.mkdir(parents=True, exist_ok=True)
    texts = Texts()
    texts.add(quads)
    texts.write(folder / TEXT)
    return Index(lambda: folder, seconds=20, megabytes=256)


def quad(number: int, text: str, language: str | None = "en", predicate: str = LABEL) -> Quad:
    literal = Literal(text, language=language) if language else Literal(text)
    graph = NamedNode(f"http://g/{number % 3}")
    return Quad(NamedNode(f"http://t/{number}"), NamedNode(predicate), literal, graph)


SAID: tuple[Quad, ...] = (
    quad(1, "Labour migration"),
    quad(1, "Migration de travail", "fr"),
    quad(2, "Migrations and work"),
    quad(2, "of labour", "en", ABSTRACT),
    quad(3, "IOM", None, NS + "acronym"),
    quad(3, "Organisation", "fr"),
    quad(4, "Straße in Łódź", "de"),
    quad(5, "ＩＯＭ ２", "en"),
    quad(6, "移民", "zh"),
)

WORDS = sorted(
    {word for one in SAID if isinstance(one.object, Literal) for word in one.object.value.split()}
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = index_of(tmp_path_factory.mktemp("index"), list(SAID))
    yield index
    index.close()


class TestIndex:
    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("labour migration", None, [1, 2]),
            ("migration", "fr", [1]),
            ("migration", "en", [1, 2]),
            ("iom", None, [3, 5]),
            ("iom", "fr", [3]),
            ("iom", "en", [3, 5]),
            ("strasse lodz", None, [4]),
            ("移民", None, [6]),
            ("lab", None, [1, 2]),
            ("la", None, []),
        ],
    )
    def test_words_languages_and_order(
        self, index: Index, text: str, language: str | None, expected: list[int]
    ) -> None:
        hits = index.search(Search(text, language)).hits
        assert sorted(hit.iri for hit in hits) == sorted(f"http://t/{n}" for n in expected)
        assert not hits or hits[0].iri == f"http://t/{expected[0]}"

    @given(st.text(max_size=40), st.sampled_from([None, "en", "fr", "x"]))
    @hypothesis_settings(max_examples=90, deadline=None)
    def test_any_text_is_answered_or_told(
        self, index: Index, text: str, language: str | None
    ) -> None:
        if words(folded(text)):
            assert len(index.search(Search(text, language)).hits) <= len(SAID)
        else:
            with pytest.raises(ParameterError, match="no word"):
                index.search(Search(text, language))

    @given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    @hypothesis_settings(max_examples=100, deadline=None)
    def test_a_hit_is_what_has_every_word(self, index: Index, chosen: list[str]) -> None:
        said: dict[str, list[str]] = {}
        for one in SAID:
            assert isinstance(one.subject, NamedNode)
            assert isinstance(one.object, Literal)
            said.setdefault(one.subject.value, []).extend(folded(one.object.value).split())
        wanted = words(folded(" ".join(chosen)))
        expected = {
            thing
            for thing, present in said.items()
            if all(
                any(one == word or (len(word) > 2 and one.startswith(word)) for one in present)
                for word in wanted
            )
        }
        hits = index.search(Search(" ".join(chosen))).hits
        assert {hit.iri for hit in hits} == expected

    def test_of_very_many_the_most_referred_to_are_ranked_and_a_whole_name_always_is(
        self, tmp_path: Path
    ) -> None:
        number = RANKED + 200
        quads = [quad(at, f"migration {at}") for at in range(number)]
        quads.append(quad(number + 7, "Migration"))
        quads += [
            Quad(NamedNode(f"http://r/{at}"), NamedNode("http://p"), NamedNode("http://t/1150"))
            for at in range(3)
        ]
        index = index_of(tmp_path, quads)
        page = index.search(Search("migration", limit=1000))
        assert page.is_cut
        assert page.hits[0].iri == f"http://t/{number + 7}"
        assert "http://t/1150" in {hit.iri for hit in page.hits}
        assert not index.search(Search("migration 5")).is_cut
        index.close()

    def test_a_long_text_is_cut_around_what_was_found(self, tmp_path: Path) -> None:
        text = "word " * 200 + "needle " + "more " * 200
        index = index_of(tmp_path, [quad(1, text, "en", ABSTRACT)])
        (hit,) = index.search(Search("needle")).hits
        assert ("needle", True) in hit.snippet
        assert hit.shown.startswith("…")
        assert hit.shown.endswith("…")
        assert len(hit.shown) < 260
        index.close()

    def test_without_a_file_and_with_a_broken_one_it_says_so(self, tmp_path: Path) -> None:
        index = Index(lambda: tmp_path, seconds=20, megabytes=256)
        with pytest.raises(EnvironmentProblem, match="no full-text index"):
            index.search(Search("a"))
        (tmp_path / TEXT).write_bytes(b"no database")
        with pytest.raises((EnvironmentProblem, ResourceError)):
            index.search(Search("a"))
        index.close()

    def test_a_sqlite_without_fts5_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Without(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> Any:
                if "fts5" in sql:
                    raise sqlite3.OperationalError("no such module: fts5")
                return super().execute(sql, *values)

        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3, "connect", lambda path, **options: connect(path, factory=Without, **options)
        )
        with pytest.raises(EnvironmentProblem, match="FTS5"):
            Texts().write(tmp_path / TEXT)

    def test_the_same_quads_make_the_same_index(self, tmp_path: Path) -> None:
        for name, quads in (("a", SAID), ("b", tuple(reversed(SAID)))):
            index_of(tmp_path / name, list(quads)).close()
        assert (tmp_path / "a" / TEXT).read_bytes() == (tmp_path / "b" / TEXT).read_bytes()

    def test_who_looks_can_open_nothing(self, tmp_path: Path) -> None:
        index_of(tmp_path, list(SAID)).close()
        program = (
            "import sys; from pathlib import Path; from migov.confined import serve;"
            "from migov.fulltext.lookup import Lookup; lookup = Lookup(Path(sys.argv[1]))\n"
            "def reply(request, content):\n"
            "    tried = []\n"
            "    for what in (lambda: open('/etc/hostname'), lambda: open('x', 'w'),\n"
            "                 lambda: __import__('socket').socket()):\n"
            "        try: what(); tried.append(True)\n"
            "        except OSError: tried.append(False)\n"
            "    _, body = lookup.reply({'text': 'labour', 'language': None, 'types': [],\n"
            "                            'limit': 5, 'offset': 0, 'prefers': None})\n"
            "    return {'tried': tried}, body\n"
            "serve(reply, 256)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / TEXT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        head = json.dumps({"length": 0}).encode()
        assert child.stdin is not None
        assert child.stdout is not None
        with child:  # it ends when its input does, so that stays open until it has answered
            child.stdin.write(len(head).to_bytes(4, "big") + head)
            child.stdin.flush()
            out = b""
            while b"http://t/1" not in out and (part := os.read(child.stdout.fileno(), 65536)):
                out += part
        assert b'"tried": [false, false, false]' in out
        assert b"http://t/1" in out


def test_a_process_that_was_killed_while_nobody_asked_is_replaced(tmp_path: Path) -> None:
    index = index_of(tmp_path, list(SAID))
    try:
        assert index.search(Search("labour")).hits
        for _ in range(2):
            (process,) = small.processes(str(tmp_path))
            os.kill(process, signal.SIGKILL)
            engine_support.wait_for(lambda ended=process: not small.is_running(ended), "it to end")  # type: ignore[misc]
            assert index.search(Search("labour")).hits
    finally:
        index.close()
