"""Finds things by the words in their names, titles and summaries, in every language.

An SQLite FTS5 index is built with each snapshot (`index`), asked in processes of their own
(`lookup`), and ranked by BM25 with names above summaries. `search` is the side of whoever asks.
"""

from migov.fulltext.index import TEXT, Texts
from migov.fulltext.search import Hit, Index, Search, SearchPage

__all__ = ["TEXT", "Hit", "Index", "Search", "SearchPage", "Texts"]
