"""Which things could be meant by a name: found by their words, also misspelt, never by a scan."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from math import log, sqrt
from typing import Final

from rapidfuzz import fuzz, process

from migov.targets.names import COMMON_WORDS, compact_acronym, named
from migov.targets.portrait import Identifier, Portrait
from migov.words import words

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
"""Things that one question looks at."""
_FREQUENT: Final = 300
"""Things that have a word from which it only tells between things that rarer words found."""
_IN_FULL: Final = 8
"""Of those, how many by either measure it compares in full."""


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
        self._vocabulary = sorted(self._by_word)
        self._spellings = lru_cache(maxsize=20_000)(self._spellings_of)
        self._weights = lru_cache(maxsize=100_000)(self._weight_of)

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
        return self._weights(word)

    def _weight_of(self, word: str) -> float:
        if word in COMMON_WORDS:
            return _COMMON
        return 1.0 + log((1 + len(self)) / (1 + len(self._by_word.get(word, ()))))

    def near(
        self, texts: Sequence[str], wanted: Callable[[Portrait], bool] = lambda _: True
    ) -> list[Portrait]:
        """Return the wanted things that one of the texts, names or acronyms, could mean.

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
        ordered = sorted(counts, key=counts.__getitem__, reverse=True)
        fitting = (number for number in ordered if wanted(self.portraits[number]))
        best = list(islice(fitting, _MOST_CANDIDATES))
        return [self.portraits[number] for number in self._likely(best, texts)]

    def _likely(self, numbers: list[int], texts: Sequence[str]) -> list[int]:
        """Return those that are worth comparing in full: by their words, and by their spelling.

        The spelling of many names is compared in native code, a tenth of the time of the rest.
        """
        if len(numbers) <= 2 * _IN_FULL:
            return numbers
        names = [(name.folded, n) for n in numbers for name in self.portraits[n].names]
        kept = dict.fromkeys(numbers[:_IN_FULL])
        for text in texts:
            close = process.extract(
                named(text).folded,
                [name for name, _ in names],
                scorer=fuzz.token_sort_ratio,
                limit=_IN_FULL,
            )
            kept.update((names[at][1], None) for _, _, at in close)
        return [number for number in numbers if number in kept]

    def _count_words(self, asked: Sequence[str], counts: dict[int, float]) -> None:
        found = [self._spellings(word) for word in dict.fromkeys(asked)]
        sizes = [sum(len(self._by_word[word]) for word, _ in spellings) for spellings in found]
        for size, spellings in sorted(zip(sizes, found, strict=True)):
            gains = {spelling: self.weight(spelling) * near for spelling, near in spellings}
            if len(counts) < (_IN_FULL if size > _FREQUENT else _MOST_CANDIDATES):
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
            word, likely, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=_MOST_SPELLINGS
        )
        found = dict.fromkeys(self._stems(word), _STEM)
        found.update((other, score) for other, score, _ in near)
        return tuple((other, (score / 100) ** 2) for other, score in found.items())

    def _stems(self, word: str) -> Iterator[str]:
        """Yield the words of the index that begin a word, or that it begins."""
        for length in range(_SHORTEST_STEM, len(word)):
            if word[:length] in self._by_word:
                yield word[:length]
        if len(word) >= _SHORTEST_STEM:
            at = bisect_left(self._vocabulary, word)
            for other in self._vocabulary[at : at + _MOST_SPELLINGS]:
                if other.startswith(word):
                    yield other


def _pieces(word: str) -> set[str]:
    """Return the overlapping pieces of a word, with its ends marked.

    >>> sorted(_pieces("iom"))
    ['^io', 'iom', 'om$']
    """
    marked = f"^{word}$"
    return {marked[at : at + _PIECE] for at in range(len(marked) - _PIECE + 1)}


@lru_cache(maxsize=100_000)
def likeness_of_words(one: str, other: str) -> float:
    """Return how alike two folded words are, in per cent.

    >>> likeness_of_words("gabonaise", "gabon"), likeness_of_words("iran", "irak")
    (80.0, 75.0)
    """
    if one == other:
        return 100.0
    likeness: float = fuzz.ratio(one, other, score_cutoff=_STEM / 2)
    if one[0] != other[0]:
        return likeness
    shorter, longer = sorted((one, other), key=len)
    is_stem = len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter)
    return max(likeness, _STEM) if is_stem else likeness


def likeness_of_names(one: str, other: str, index: NameIndex, least: float = 0.0) -> float:
    """Return how alike two folded names are, from 0 to 1; or 0 where it cannot be above `least`.

    Half of it is their spelling, half how much of either is in the other, word by word, where rare
    words count more: `university of oxford` is not `centre on migration university of oxford`.

    >>> likeness_of_names("world bank", "world bank", NameIndex([]))
    1.0
    """
    if one == other:
        return 1.0
    spelling: float = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    if (spelling + 1) / 2 <= least:
        return 0.0
    first, second = words(one), words(other)
    covered = _covered(first, second, index)
    # Words may be run together or apart; then only the spelling tells.
    joined: float = fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")) / 100
    return min(0.999, max((spelling + sqrt(covered)) / 2, joined if joined >= 0.95 else 0.0))


def _covered(first: Sequence[str], second: Sequence[str], index: NameIndex) -> float:
    """Return the parts of either's words, by weight, that the other has as well, multiplied."""
    best_first, best_second = [0.0] * len(first), [0.0] * len(second)
    for at, one in enumerate(first):
        for other_at, other in enumerate(second):
            likeness = likeness_of_words(one, other)
            if likeness >= _NEAR:
                best_first[at] = max(best_first[at], likeness)
                best_second[other_at] = max(best_second[other_at], likeness)
    return _share(first, best_first, index) * _share(second, best_second, index)


def _share(words_: Sequence[str], best: Sequence[float], index: NameIndex) -> float:
    weights = [index.weight(word) for word in words_]
    if not weights:  # a name of signs alone
        return 0.0
    found = sum(weight * likeness for weight, likeness in zip(weights, best, strict=True))
    return found / sum(weights) / 100
