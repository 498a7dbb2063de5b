"""The policy of a repository: what blocks, what is excused and until when, what is known of old.

It is one reviewed file, `shapes/policy.yaml`. A file that is wrong stops the check: a policy that
nobody can read must not let anything pass.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from migov.errors import ContentError, Place
from migov.gate.report import Severity
from migov.vocabulary import PREFIXES, SHAPE

PATH: Final = "shapes/policy.yaml"
_ENTRIES: Final = frozenset({"blocks", "exceptions", "baseline"})
_NEEDED: Final = frozenset({"rule", "reason", "expires"})
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{20}")
_SHORT: Final = {"shape": SHAPE, **PREFIXES}


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule that may be broken: by one thing or by all, for a reason, to the end of a day."""

    rule: str
    focus: str | None
    reason: str
    expires: datetime.date
    place: Place

    def covers(self, rule: str, focus: str) -> bool:
        """Return whether it speaks of a rule and a thing."""
        return self.rule == rule and self.focus in (None, focus)


@dataclass(frozen=True, slots=True)
class Policy:
    """What blocks, what is excused, and the fingerprints of findings that are known of old."""

    blocks: frozenset[Severity] = frozenset({Severity.VIOLATION})
    exceptions: tuple[Exemption, ...] = ()
    baseline: Mapping[str, Place] = field(default_factory=dict)


def read_policy(root: Path) -> Policy:
    """Read the policy under a folder, or the default where it has none; raises ContentError."""
    try:
        content = (root / PATH).read_bytes()
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        message = f"{PATH} cannot be read: {error.strerror}."
        raise ContentError(message, place=Place(PATH)) from error
    return parse_policy(content)


def parse_policy(content: bytes) -> Policy:
    """Return the policy that a text states; raises ContentError with its line.

    >>> [severity.name for severity in parse_policy(b"blocks: [info]").blocks]
    ['INFO']
    """
    try:
        reader = _Reader(content.decode("utf-8"))
        tree = yaml.compose(reader.text, Loader=yaml.SafeLoader)
        return reader.policy(tree)
    except UnicodeDecodeError as error:
        raise ContentError(f"{PATH} is not UTF-8.", place=Place(PATH)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise ContentError(
            f"{PATH} is not valid YAML: {error.problem}.",
            place=Place.within(PATH, content.decode("utf-8"), line, column),
            hint="Mend that line; nothing was checked.",
        ) from error
    except yaml.YAMLError as error:
        raise ContentError(f"{PATH} is not valid YAML: {error}.", place=Place(PATH)) from error


class _Reader:
    """Takes the tree of the file apart, and knows the line of everything."""

    def __init__(self, text: str) -> None:
        self.text = text

    def policy(self, tree: yaml.Node | None) -> Policy:
        if tree is None:
            return Policy()
        entries = self._mapping(tree, _ENTRIES)
        blocks = Policy().blocks
        if "blocks" in entries:
            blocks = frozenset(self._severity(node) for node in self._items(entries["blocks"]))
        baseline: dict[str, Place] = {}
        for node in self._items(entries.get("baseline")):
            known = self._text(node)
            if not _FINGERPRINT.fullmatch(known) or known in baseline:
                self._refuse(node, "an entry of the baseline is one fingerprint, and stands once")
            baseline[known] = self._place(node)
        exceptions = tuple(self._exemption(each) for each in self._items(entries.get("exceptions")))
        return Policy(blocks, exceptions, baseline)

    def _exemption(self, node: yaml.Node) -> Exemption:
        entries = self._mapping(node, _NEEDED | {"focus"})
        missing = sorted(_NEEDED - entries.keys())
        if missing:
            self._refuse(node, f"an exception needs {missing[0]}")
        reason = self._text(entries["reason"]).strip()
        if not reason:
            self._refuse(entries["reason"], "an exception needs a reason")
        try:
            expires = datetime.date.fromisoformat(self._text(entries["expires"]))
        except ValueError:
            self._refuse(entries["expires"], "expires is a day, such as 2027-01-31")
        focus = entries.get("focus")
        return Exemption(
            rule=_full(self._text(entries["rule"])),
            focus=None if focus is None else _full(self._text(focus)),
            reason=reason,
            expires=expires,
            place=self._place(node),
        )

    def _severity(self, node: yaml.Node) -> Severity:
        name = self._text(node).upper()
        if name not in Severity.__members__:
            self._refuse(node, "a severity is violation, warning or info")
        return Severity[name]

    def _mapping(self, node: yaml.Node, known: frozenset[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, f"here stand {', '.join(sorted(known))}")
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name not in known or name in entries:
                self._refuse(key, f"here stand {', '.join(sorted(known))}, each once")
            entries[name] = value
        return entries

    def _items(self, node: yaml.Node | None) -> list[Any]:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null")):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._refuse(node, "here stands a list")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._refuse(node, "here stands a text")
        return str(node.value)

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place.within(PATH, self.text, mark.line + 1, mark.column + 1)

    def _refuse(self, node: yaml.Node, why: str) -> NoReturn:
        raise ContentError(
            f"{PATH} cannot be used: {why}.",
            place=self._place(node),
            hint="Mend that line; nothing was checked.",
        )


def _full(name: str) -> str:
    """Return a name with its prefix written out; rules of our own keep theirs.

    >>> _full("shape:Locality-within"), _full("migov:syntax")
    ('https://w3id.org/migov/shape/Locality-within', 'migov:syntax')
    """
    prefix, colon, local = name.partition(":")
    return _SHORT[prefix] + local if colon and prefix in _SHORT else name
