"""The process that asks an index.

    python -m migov.fulltext.lookup FILE MEGABYTES

The file is opened read-only and never changes, so nothing more has to be opened: no journal, no
lock, and what does not fit in memory is an error. A text that somebody looks for becomes words of
letters and digits, each quoted, before FTS5 sees it.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from migov.confined import Reply, json_reply, serve
from migov.fulltext.index import KINDS, columns_of, language_mark, whole
from migov.words import folded, words

_PREFIX_LETTERS: Final = 3
"""A word of so many letters also stands for the longer ones that begin with it."""
_LONGER: Final = 50
"""How many of the longer ones: those that most things have."""
RANKED: Final = 1000
"""Things that are ranked of those that match: the ones that most others refer to."""
_SNIPPET: Final = 240
"""Characters of a text that are shown around what was found."""
_WORD: Final = re.compile(r"[^\W_]+")


class Lookup:
    """Answers searches over one index."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
        self._connection.execute("PRAGMA temp_store = MEMORY")
        self._connection.execute("PRAGMA query_only = ON")
        # The file is opened with the first page that is read.
        self._languages: dict[str, int] = dict(
            self._connection.execute("SELECT mark, number FROM language")
        )

    def reply(self, request: dict[str, Any], _: bytes = b"") -> Reply:
        """Return the hits of one search, or why there are none."""
        try:
            return json_reply(self._found(request))
        except (sqlite3.Error, MemoryError) as error:
            return json_reply({"error": str(error)})

    def _found(self, request: dict[str, Any]) -> dict[str, Any]:
        plain = folded(request["text"])
        wanted = list(dict.fromkeys(words(plain)))
        types = self._marks(request["types"])
        if not wanted or types == []:
            return {"hits": [], "more": False, "words": bool(wanted), "type": types != []}
        language = language_mark(request["language"]) if request["language"] else None
        ranked, is_cut = self._ranked(wanted, plain, language, types or [])
        start, end = request["offset"], request["offset"] + request["limit"]
        return {
            "hits": [
                self._hit(thing, score, wanted, language, request["prefers"])
                for score, thing in ranked[start:end]
            ],
            "more": len(ranked) > end,
            "cut": is_cut,
        }

    def _marks(self, types: Sequence[str]) -> list[str] | None:
        """Return the marks of classes that things have, None where any type will do."""
        if not types:
            return None
        places = ", ".join("?" * len(types))
        rows = self._connection.execute(f"SELECT id FROM class WHERE iri IN ({places})", types)
        return [f"t{number}" for (number,) in rows]

    def _ranked(
        self, wanted: Sequence[str], plain: str, language: str | None, types: Sequence[str]
    ) -> tuple[list[tuple[float, int]], bool]:
        """Return scores and things, the best first, and whether there are more than are ranked."""
        of_type = f" AND type : ({_any(types)})" if types else ""
        exact = " AND ".join(f'"{word}"' for word in wanted)
        longer = " AND ".join(f"({_any([word, *self._longer(word)])})" for word in wanted)
        everywhere, names = self._columns(language, KINDS), self._columns(language, KINDS[:-1])
        exactly = f"{everywhere} : ({exact})"
        # A name that is the whole text is found wherever it stands.
        rows = self._rows("rowid, rank", f'{exactly} AND whole : "{whole(plain)}"{of_type}')
        found = [(thing, -rank) for thing, rank in rows[:RANKED]]
        rows = self._rows("rowid, rank", exactly + of_type)
        is_cut = len(rows) > RANKED
        found += [(thing, -rank) for thing, rank in rows[:RANKED]]
        best = max((-rank for _, rank in rows[:RANKED]), default=1.0)
        # Longer words count less: in a name about half, elsewhere a quarter.
        for columns, weight in ((names, 0.5), (everywhere, 0.25)):
            rows = self._rows("rowid, 0", f"{columns} : ({longer}){of_type}")
            found += [
                (thing, best * weight * (1 - place / (2 * RANKED)))
                for place, (thing, _) in enumerate(rows[:RANKED])
            ]
            is_cut = is_cut or len(rows) > RANKED
        scores: dict[int, float] = {}
        for thing, score in found:
            scores[thing] = max(score, scores.get(thing, 0.0))
        ranked = sorted((-score, thing) for thing, score in scores.items())
        return [(-score, thing) for score, thing in ranked], is_cut

    def _rows(self, shown: str, condition: str) -> list[tuple[int, float]]:
        """Return the first things that match, in the order of the index."""
        return self._connection.execute(
            f"SELECT {shown} FROM words WHERE words MATCH ? LIMIT ?", (condition, RANKED + 1)
        ).fetchall()

    def _columns(self, language: str | None, kinds: Sequence[str]) -> str:
        """Return the columns to look in: those of a language and of texts without one, or all."""
        numbers = [0, *self._languages.values()]
        if language is not None:
            numbers = [0, *([self._languages[language]] if language in self._languages else [])]
        return "{" + " ".join(columns_of(numbers, kinds)) + "}"

    def _longer(self, word: str) -> list[str]:
        """Return the words of the index that begin with a word, those that most things have."""
        if len(word) < _PREFIX_LETTERS:
            return []
        rows = self._connection.execute(
            "SELECT word FROM word WHERE word > ? AND word < ? ORDER BY things DESC LIMIT ?",
            (word, word + "\U0010ffff", _LONGER),
        )
        return [longer for (longer,) in rows]

    def _hit(
        self,
        thing: int,
        score: float,
        wanted: Sequence[str],
        language: str | None,
        prefers: str | None,
    ) -> dict[str, Any]:
        iri, types = self._connection.execute(
            "SELECT iri, types FROM thing WHERE id = ?", (thing,)
        ).fetchone()
        statements = self._connection.execute(
            "SELECT kind, property, language, text, graphs FROM statement WHERE thing = ? "
            "ORDER BY place",
            (thing,),
        ).fetchall()
        if language is not None:
            own = self._languages.get(language)
            statements = [
                one
                for one in statements
                if self._languages.get(language_mark(one[2] or ""), own) == own
            ]
        _, predicate, tag, text, graphs = max(
            statements,
            key=lambda one: (
                *_fit(one[3], wanted),
                one[2] in (prefers, None),
                -one[0],
                -len(one[3]),
            ),
        )
        return {
            "iri": iri,
            "score": round(score, 3),
            "text": text,
            "language": tag,
            "predicate": predicate,
            "graphs": graphs.split("\n") if graphs else [],
            "types": types.split("\n") if types else [],
            "snippet": snippet(text, wanted),
        }


def _any(words: Sequence[str]) -> str:
    """Return the FTS5 expression for any of some words, which are letters and digits alone.

    >>> _any(["eu", "maroc"])
    '"eu" OR "maroc"'
    """
    return " OR ".join(f'"{word}"' for word in words)


def _fit(text: str, wanted: Sequence[str]) -> tuple[int, int]:
    """Say how well a text fits: how many words are in it, and how many of them whole."""
    present = set(folded(text).split())
    whole_words = sum(word in present for word in wanted)
    begun = sum(word in present or any(_begins(one, word) for one in present) for word in wanted)
    return begun, whole_words


def _begins(present: str, word: str) -> bool:
    return present == word or (len(word) >= _PREFIX_LETTERS and present.startswith(word))


def snippet(text: str, wanted: Sequence[str]) -> list[list[Any]]:
    """Return a text, cut where it is long, in pieces: each with whether it is what was found.

    >>> snippet("Travail et Migrations", ["migration"])
    [['Travail et ', False], ['Migrations', True]]
    """
    found = [
        word
        for word in _WORD.finditer(text)
        if any(_begins(part, one) for one in wanted for part in folded(word[0]).split())
    ]
    start, end = 0, len(text)
    if len(text) > _SNIPPET:
        middle = found[0].start() if found else 0
        start = max(0, min(middle - _SNIPPET // 3, len(text) - _SNIPPET))
        start = text.find(" ", start - 1, middle) + 1 if start else 0
        end = min(len(text), start + _SNIPPET)
        end = max(text.rfind(" ", start, end), start + 1) if end < len(text) else end
    pieces: list[list[Any]] = [["…", False]] if start else []
    at = start
    for word in found:
        if start <= word.start() and word.end() <= end:
            pieces += [[text[at : word.start()], False], [word[0], True]]
            at = word.end()
    pieces += [[text[at:end], False], *([["…", False]] if end < len(text) else [])]
    return [piece for piece in pieces if piece[0]]


if __name__ == "__main__":
    serve(Lookup(Path(sys.argv[1])).reply, int(sys.argv[2]))
