"""Which things could be meant by a name: found by their words, also misspelt, never by a scan."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nsmallest
from math import log, sqrt
from typing import Final

from rapidfuzz import fuzz, process

from migov.linking.names import COMMON_WORDS, compact_acronym, named, words
from migov.linking.portrait import Identifier, Portrait

_NEAR: Final = 78.0
"""Per cent on from which two words may be one, misspelt or in another form."""
_STEM: Final = 80.0
"""Per cent that a word is like a longer one that begins with it: Gabon, gabonaise."""
_SHORTEST_STEM: Final = 4
_COMMON: Final = 0.2
"""The weight of a common word; any other has 1 or more."""
_PIECE: Final = 3
_MOST_SPELLINGS: Final = 12
"""Words of the index that one word of a question may stand for."""
_MOST_CANDIDATES: Final = 60
"""Things that one question compares in full."""


class NameIndex:
    """Portraits by the words of their names, their acronyms and their identifiers."""

    def __init__(self, portraits: Iterable[Portrait]) -> None:
        self.portraits: tuple[Portrait, ...] = tuple(portraits)
        self.by_iri = {each.iri: each for each in self.portraits}
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._words_of: list[frozenset[str]] = []
        self._by_acronym: dict[str, list[int]] = defaultdict(list)
        self._by_identifier: dict[Identifier, list[int]] = defaultdict(list)
        for number, each in enumerate(self.portraits):
            texts = {name.folded for name in each.names}
            for text in texts:
                self._by_name[text].append(number)
            every = frozenset(word for text in texts for word in words(text))
            self._words_of.append(every)
            for word in every:
                self._by_word[word].append(number)
            for acronym in each.acronyms:
                self._by_acronym[acronym].append(number)
            for identifier in each.identifiers:
                self._by_identifier[identifier].append(number)
        self._by_piece: dict[str, list[str]] = defaultdict(list)
        for word in self._by_word:
            for piece in _pieces(word):
                self._by_piece[piece].append(word)
        self._sorted = sorted(self._by_name)
        self._spellings = lru_cache(maxsize=20_000)(self._spellings_of)

    def __len__(self) -> int:
        return len(self.portraits)

    def with_identifier(self, identifier: Identifier) -> list[Portrait]:
        return [self.portraits[number] for number in self._by_identifier.get(identifier, ())]

    def with_name(self, text: str) -> list[Portrait]:
        """Return the things that have exactly this folded name."""
        return [self.portraits[number] for number in self._by_name.get(text, ())]

    def beginning_with(self, text: str, most: int = 100) -> list[Portrait]:
        """Return things of which a folded name begins with a text, in order of those names."""
        found: dict[str, Portrait] = {}
        at = bisect_left(self._sorted, text)
        while at < len(self._sorted) and self._sorted[at].startswith(text) and len(found) < most:
            found.update((each.iri, each) for each in self.with_name(self._sorted[at]))
            at += 1
        return list(found.values())

    def weight(self, word: str) -> float:
        """Return how much a word tells: the rarer among the names, the more; above 0."""
        if word in COMMON_WORDS:
            return _COMMON
        return 1.0 + log((1 + len(self)) / (1 + len(self._by_word.get(word, ()))))

    def near(self, texts: Sequence[str], most: int = _MOST_CANDIDATES) -> list[Portrait]:
        """Return the things that one of the texts, names or acronyms, could mean; best first.

        Each word counts for the things that have it or a word nearly like it, by its rarity, so a
        thing that shares only common words comes late.
        """
        counts: dict[int, float] = defaultdict(float)
        for text in texts:
            of_text: dict[int, float] = defaultdict(float)
            name = named(text).folded
            for number in self._by_name.get(name, ()):
                of_text[number] += 1000.0
            for number in self._by_acronym.get(compact_acronym(text), ()):
                of_text[number] += 500.0
            self._count_words(words(name), of_text)
            for number, count in of_text.items():
                counts[number] = max(counts[number], count)
        best = nsmallest(most, counts, lambda number: (-counts[number], self.portraits[number].iri))
        return [self.portraits[number] for number in best]

    def _count_words(self, asked: Sequence[str], counts: dict[int, float]) -> None:
        found = [(word, self._spellings(word)) for word in dict.fromkeys(asked)]
        found.sort(key=lambda entry: sum(len(self._by_word[word]) for word, _ in entry[1]))
        for _, spellings in found:
            gains = {spelling: self.weight(spelling) * near for spelling, near in spellings}
            if len(counts) < _MOST_CANDIDATES:
                best: dict[int, float] = {}
                for spelling, gain in gains.items():
                    for number in self._by_word[spelling]:
                        if gain > best.get(number, 0.0):
                            best[number] = gain
                for number, gain in best.items():
                    counts[number] += gain
            else:  # the rare words have found enough: a common one only tells among those
                for number in counts:
                    shared = self._words_of[number] & gains.keys()
                    if shared:
                        counts[number] += max(gains[spelling] for spelling in shared)

    def _spellings_of(self, word: str) -> tuple[tuple[str, float], ...]:
        """Return the words of the index that a word may stand for, each with its likeness."""
        shared: dict[str, int] = defaultdict(int)
        pieces = _pieces(word)
        for piece in pieces:
            for other in self._by_piece.get(piece, ()):
                shared[other] += 1
        least = max(1, len(pieces) // 3)
        likely = [other for other, count in shared.items() if count >= least]
        near = process.extract(
            word, likely, scorer=likeness_of_words, score_cutoff=_NEAR, limit=_MOST_SPELLINGS
        )
        return tuple((other, (score / 100) ** 2) for other, score, _ in near)


def _pieces(word: str) -> set[str]:
    """Return the overlapping pieces of a word, with its ends marked.

    >>> sorted(_pieces("iom"))
    ['^io', 'iom', 'om$']
    """
    marked = f"^{word}$"
    return {marked[at : at + _PIECE] for at in range(len(marked) - _PIECE + 1)}


def likeness_of_words(one: str, other: str, **_: object) -> float:
    """Return how alike two folded words are, in per cent.

    >>> likeness_of_words("gabonaise", "gabon"), likeness_of_words("iran", "irak")
    (80.0, 75.0)
    """
    likeness: float = fuzz.ratio(one, other)
    shorter, longer = sorted((one, other), key=len)
    is_stem = len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter)
    return max(likeness, _STEM) if is_stem else likeness


def likeness_of_names(one: str, other: str, index: NameIndex) -> float:
    """Return how alike two folded names are, from 0 to 1.

    Half of it is their spelling, half how much of either is in the other, word by word, where rare
    words count more: `university of oxford` is not `centre on migration university of oxford`.

    >>> likeness_of_names("world bank", "world bank", NameIndex([]))
    1.0
    """
    if one == other:
        return 1.0
    spelling: float = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    first, second = words(one), words(other)
    covered: float = _covered(first, second, index) * _covered(second, first, index)
    # Words may be run together or apart; then only the spelling tells.
    joined: float = fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")) / 100
    return min(0.999, max((spelling + sqrt(covered)) / 2, joined if joined >= 0.95 else 0.0))


def _covered(asked: Sequence[str], known: Sequence[str], index: NameIndex) -> float:
    """Return the part of the words, by weight, that the other name has as well."""
    total = found = 0.0
    for word in asked:
        weight = index.weight(word)
        best = max((likeness_of_words(word, other) for other in known), default=0.0)
        total += weight
        found += weight * (best / 100 if best >= _NEAR else 0.0)
    return found / total if total else 0.0
