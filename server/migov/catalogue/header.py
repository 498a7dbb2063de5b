"""The `#+` header of a canned query: YAML in which every value is text and has a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from migov.dataset.files import read_file
from migov.errors import ContentError, ContentSyntaxError, Place
from migov.lines import lines_of

PREFIX = "#+"
_DEPTH = 20
_OTHER_LINE_ENDS: Final = re.compile("[\r\x85\u2028\u2029]")

Node = str | list["Node"] | dict[str, "Node"]


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a query file, which knows its own lines."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path from the folder above the queries, the same on every machine."""
        return f"{self.path.parent.name}/{self.path.name}"

    def place(self, line: int, column: int | None = None) -> Place:
        """Return the place of a 1-based line of this file, with that line."""
        return Place.within(self.name, self.text, line, column)


@dataclass(frozen=True, slots=True)
class Header:
    """The values of a header, read by path; every complaint names the file and the line."""

    source: Source
    values: dict[str, Node]
    lines: Mapping[tuple[str, ...], int] = field(repr=False)

    def error(self, message: str, *at: str, hint: str | None = None) -> ContentError:
        """Return an error at the line of the entry `at`, or of the nearest one around it."""
        around = (at[:end] for end in range(len(at), 0, -1))
        line = next((self.lines[entry] for entry in around if entry in self.lines), 1)
        return ContentError(message, place=self.source.place(line), hint=hint)

    def mapping(self, *at: str) -> dict[str, Node]:
        """Return the mapping at a path; an absent one is empty."""
        value = self._get(at)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise self.error(f"{'.'.join(at)} must have entries of the form “name: value”.", *at)
        return value

    def text(self, *at: str) -> str | None:
        """Return the text at a path, or None where there is none."""
        value = self._get(at)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{'.'.join(at)} must be a single value.", *at)
        return value

    def required_text(self, *at: str) -> str:
        """Return the text at a path, which has to be there and not be empty."""
        value = self.text(*at)
        if not value:
            raise self.error(f"The header lacks {'.'.join(at)}.", *at, hint=f"Add {at[-1]}: …")
        return value

    def texts(self, *at: str) -> tuple[str, ...]:
        """Return the list of texts at a path; an absent one is empty."""
        value = self._get(at)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.error(f"{'.'.join(at)} must be a list such as [en, fr].", *at)
        return tuple(item for item in value if isinstance(item, str))

    def only(self, allowed: frozenset[str], *at: str) -> None:
        """Raise if the mapping at a path has an entry that means nothing."""
        for name in self.mapping(*at) if at else self.values:
            if name not in allowed:
                hint = f"Known entries: {', '.join(sorted(allowed))}."
                raise self.error(f"Unknown entry “{name}” in the header.", *at, name, hint=hint)

    def _get(self, at: tuple[str, ...]) -> Node | None:
        value: Node | None = self.values
        for name in at:
            value = value.get(name) if isinstance(value, dict) else None
        return value


def read_source(path: Path) -> Source:
    """Return the text of a query file; raises ContentError where it cannot be read or is no text.

    The queries stand in a folder of the repository's root.
    """
    content = read_file(path, path.parent.parent).content
    try:
        return Source(path, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ContentSyntaxError(
            "The file is not UTF-8 text.",
            place=Place(Source(path, "").name, line),
            hint="Save it as UTF-8.",
        ) from error


def read_header(source: Source) -> Header:
    """Return the header at the top of a query file; raises ContentError."""
    lines = []
    for line in lines_of(source.text):
        if not line.startswith(PREFIX):
            break
        lines.append(line.removeprefix(PREFIX).removeprefix(" "))
    positions: dict[tuple[str, ...], int] = {}
    values = _plain(_composed("\n".join(lines), source), (), positions, source)
    if not isinstance(values, dict):
        raise ContentError(
            "The file does not begin with a header.",
            place=source.place(1),
            hint="Begin it with lines such as “#+ title:”; queries/README.md has an example.",
        )
    return Header(source, values, positions)


def _composed(text: str, source: Source) -> yaml.Node | None:
    """Return the YAML of a header as nodes; raises ContentSyntaxError with the line.

    The loader in C is ten times as fast, and counts lines otherwise where a text has odd ends.
    """

    def broken(what: object, line: int) -> ContentSyntaxError:
        return ContentSyntaxError(f"The header is not YAML: {what}.", place=source.place(line))

    def read(loader: Any) -> yaml.Node | None:
        level = 0
        # Events come one by one: nothing here is built, followed or called again within itself.
        for event in yaml.parse(text, Loader=loader):
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            if level > _DEPTH:
                raise broken("it nests too deeply", _line(event.start_mark))
            if isinstance(event, yaml.AliasEvent):
                raise broken("it has an alias", _line(event.start_mark))
        return yaml.compose(text, Loader=loader)

    # These loaders build nothing but text, lists and mappings: no, 001 and 2019-06 stay text.
    if hasattr(yaml, "CBaseLoader") and not _OTHER_LINE_ENDS.search(text):
        with suppress(yaml.YAMLError):  # the words and places of the loader in Python are better
            return read(yaml.CBaseLoader)
    try:
        return read(yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        raise broken(error.problem, _line(error.problem_mark)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise broken(f"it has the character {error.character:#06x}", line) from error


def _line(mark: object) -> int:
    """Return the line of a mark; YAML itself also counts U+0085 and U+2028 as ends of lines."""
    if isinstance(mark, yaml.Mark) and mark.buffer is not None:
        return mark.buffer.count("\n", 0, mark.pointer) + 1
    return int(getattr(mark, "line", 0)) + 1  # a mark of the loader in C


def _plain(
    node: yaml.Node | None, at: tuple[str, ...], lines: dict[tuple[str, ...], int], source: Source
) -> Node:
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Node] = {}
        for key, value in node.value:
            name = str(key.value)
            line = _line(key.start_mark)
            if name in result:
                message = f"“{name}” stands twice in the header."
                raise ContentError(message, place=source.place(line))
            lines[(*at, name)] = line
            result[name] = _plain(value, (*at, name), lines, source)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, at, lines, source) for item in node.value]
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
