"""A search as whoever asks it sees it: words in, things out."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from migov.confined import Confined
from migov.errors import EnvironmentProblem, ParameterError
from migov.fulltext.index import TEXT

LONGEST: Final = 500
"""Characters of a text to look for."""
MOST: Final = 1000
"""Hits at once."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for: every word has to occur in the texts of a thing.

    `language` is a tag, None for all languages; `types` are IRIs of classes and concept schemes of
    which the thing has to have one. At most `limit` hits come after the first `offset`. Where
    texts in several languages fit alike, the one in `prefers` is shown.
    """

    text: str
    language: str | None = None
    types: tuple[str, ...] = ()
    limit: int = 20
    offset: int = 0
    prefers: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found.

    `text` is the text that fits best, with its language tag, its property, the named graphs that
    state it, and in `snippet` its part around what was found: pieces, each with whether it was.
    `score` is comparable within one search only; higher is better. `types` are those asserted.
    """

    iri: str
    score: float
    text: str
    language: str | None
    predicate: str
    graphs: tuple[str, ...]
    types: tuple[str, ...]
    snippet: tuple[tuple[str, bool], ...]

    @property
    def shown(self) -> str:
        """The snippet as plain text."""
        return "".join(piece for piece, _ in self.snippet)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some hits in order, the best first, and whether there are more after them.

    With `is_cut` more things match than are ranked: hits are the best of those that most
    statements refer to.
    """

    hits: tuple[Hit, ...]
    more: bool = False
    is_cut: bool = False


class Index:
    """The index of one snapshot, asked in processes of their own; safe for many threads."""

    def __init__(self, folder: Callable[[], Path], *, seconds: float, megabytes: int) -> None:
        """`folder` gives that of the snapshot, and is called by the first search.

        A search may take so many seconds and megabytes.
        """
        self._folder = folder
        self._seconds = seconds
        self._megabytes = megabytes
        self._opening = threading.Lock()
        self._lookups: Confined | None = None

    def search(self, search: Search) -> SearchPage:
        """Return what a search finds.

        Raises ParameterError for a text without a word or too long a one and for an unknown type,
        LimitError or EnvironmentProblem, and what `folder` raises.
        """
        if len(search.text) > LONGEST:
            raise ParameterError(
                f"The text has {len(search.text):,} characters; up to {LONGEST} are looked for.",
                hint="A few words are enough.",
            )
        request = {
            "text": search.text,
            "language": search.language,
            "types": list(search.types),
            "limit": search.limit,
            "offset": search.offset,
            "prefers": search.prefers,
        }
        _, body = self._opened().ask(request, b"", time.monotonic() + self._seconds)
        return _page(json.loads(body), search)

    def close(self) -> None:
        if self._lookups is not None:
            self._lookups.close()

    def _opened(self) -> Confined:
        with self._opening:
            if self._lookups is None:
                path = self._folder() / TEXT
                if not path.exists():
                    raise EnvironmentProblem(
                        "This snapshot has no full-text index.",
                        hint="Delete the cache folder, so that the snapshot is built again.",
                    )
                self._lookups = Confined(
                    "Looking for words",
                    "migov.fulltext.lookup",
                    str(path),
                    megabytes=self._megabytes,
                )
            return self._lookups


def _page(found: dict[str, Any], search: Search) -> SearchPage:
    if "error" in found:
        raise EnvironmentProblem(
            f"The full-text index could not be read: {found['error']}.",
            hint="Delete the cache folder, so that the snapshot is built again.",
        )
    if found.get("words") is False:
        raise ParameterError(
            "There is no word in the text to look for.", hint="Give letters or digits."
        )
    if found.get("type") is False:
        raise ParameterError(
            f"Nothing in the graph is of the type <{search.types[0]}>.",
            hint="A class of the ontology such as Initiative, or a concept scheme.",
        )
    hits = tuple(
        Hit(
            **{
                **hit,
                "graphs": tuple(hit["graphs"]),
                "types": tuple(hit["types"]),
                "snippet": tuple((piece, bool(is_found)) for piece, is_found in hit["snippet"]),
            }
        )
        for hit in found["hits"]
    )
    return SearchPage(hits, found["more"], found["cut"])
