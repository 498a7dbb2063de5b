"""The text of a file with some of its statements replaced, and every other byte as it was."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from migov.change.write.source import Source
from migov.dataset.turtle.blocks import Block, Term, comments

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n\r]*)?(?=[\n\r]|$)")

_LINE_END = re.compile(r"[ \t]*(?:\r?\n|\Z)")


class Splices:
    """What becomes of each statement; `text` puts it all together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._instead: dict[int, str] = {}
        self._below: dict[int | None, list[tuple[str, bool]]] = defaultdict(list)
        self._prefixes: Mapping[str, str] = {}

    def replace(self, block: Block, text: str) -> None:
        """Put a text in the place of a statement; the comments inside it move above it."""
        inside = comments(self._source.text[block.start : block.end])
        self._instead[block.start] = "\n".join([*inside, text])

    def remove(self, block: Block) -> None:
        self._instead[block.start] = ""

    def append(self, statement: int | None, text: str, *, is_apart: bool) -> None:
        """Put a text below a statement, or at the end; `is_apart` sets an empty line before it."""
        self._below[statement].append((text, is_apart))

    def declare(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes

    def text(self) -> str:
        edits = [*self._statements(), *self._declarations()]
        newline = self._source.newline
        result, at = [], 0
        for start, end, text in sorted(edits):
            result += [self._source.text[at:start], text.replace("\n", newline)]
            at = end
        result.append(self._source.text[at:])
        text = "".join(result)
        for addition, _ in self._below[None]:
            gap = "" if not text else newline if text.endswith("\n") else newline * 2
            text += gap + addition.replace("\n", newline) + newline
        return text

    def _statements(self) -> list[tuple[int, int, str]]:
        edits: list[tuple[int, int, str]] = []
        for at, statement in enumerate(self._source.statements):
            block = statement.block
            below = ""
            gap = "\n\n" if isinstance(block.subject, Term) else "\n"
            for text, is_apart in self._below[at]:
                below += ("\n\n" if is_apart else gap) + text
                gap = "\n\n" if is_apart else "\n"
            instead = self._instead.get(block.start)
            if instead == "" and below:
                edits.append((block.start, block.end, below.lstrip("\n")))
                continue
            if instead == "":
                edits.append((*self._lines(block), ""))
            elif instead is not None:
                edits.append((block.start, block.end, instead))
            if below:
                end = self._line_end(block)
                edits.append((end, end, below))
        return edits

    def _lines(self, block: Block) -> tuple[int, int]:
        """Return the span of a statement to remove, with its line ends and one of two gaps."""
        text = self._source.text
        start = block.start
        while start and text[start - 1] in " \t":
            start -= 1
        rest = _LINE_END.match(text, block.end)
        if (start and text[start - 1] != "\n") or rest is None:
            return block.start, block.end
        gap = _LINE_END.match(text, rest.end())
        has_gap_above = text.endswith(("\n\n", "\n\r\n"), 0, start) or not start
        return start, gap.end() if gap and has_gap_above else rest.end()

    def _line_end(self, block: Block) -> int:
        """Return where the line ends, past a comment; a second statement on it stays behind."""
        rest = _REST_OF_LINE.match(self._source.text, block.end)
        return rest.end() if rest else block.end

    def _declarations(self) -> list[tuple[int, int, str]]:
        """Return the lines that declare prefixes, among those of the file in their order."""
        run = []
        for block in self._source.blocks:
            if not block.directive:
                break
            run.append(block)
        is_sorted = run == sorted(run, key=lambda block: block.directive)
        edits: dict[int, str] = {}
        for name, namespace in sorted(self._prefixes.items(), key=_directive):
            words = ("prefix", f"{name}:", f"<{namespace}>")
            above = [block for block in run if not is_sorted or block.directive < words]
            line = f"@{' '.join(words)} ."
            if above:
                end = self._line_end(above[-1])
                edits[end] = edits.get(end, "") + "\n" + line
            else:
                edits[0] = edits.get(0, "") + line + "\n"
        return [(at, at, text) for at, text in edits.items()]


def _directive(prefix: tuple[str, str]) -> str:
    """Return what the house sorts prefixes by: the name with its colon."""
    return f"{prefix[0]}:"
