"""Removed and added triples → the new text of one file.

Only statements that the change touches are laid out anew; a comment inside one moves above it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pyoxigraph import BlankNode, Triple

from migov.change.write.names import Names
from migov.change.write.nodes import Nodes
from migov.change.write.placing import anchor, grouped
from migov.change.write.source import Source, read_source
from migov.change.write.text import Splices
from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import blanks, same
from migov.errors import MigovError, TooComplexError


def write(
    file: ContentFile, removed: Iterable[Triple], added: Iterable[Triple]
) -> ContentFile | None:
    """Return a file without the removed triples and with the added ones; None if nothing is left.

    Blank nodes of `read_quads(file)` mean those nodes, all others are new. Raises
    UnknownTurtleError for a file that cannot be taken apart and TooComplexError for deep nesting.
    """
    source = read_source(file)
    before = dict.fromkeys(t for statement in source.statements for t in statement.triples)
    gone = set(removed)
    kept = [triple for triple in before if triple not in gone]
    new = [triple for triple in dict.fromkeys(added) if triple not in before or triple in gone]
    after = list(dict.fromkeys([*kept, *new]))
    if not after:
        return None
    stays = set(after)
    changed = [*(triple for triple in before if triple not in stays), *new]
    if not changed:
        return file
    try:
        text = _Writing(file, source, after, changed).text()
    except RecursionError as error:
        raise TooComplexError(
            f"{file.path} would nest too deeply to be laid out.",
            hint="Give the inner nodes IRIs.",
        ) from error
    result = ContentFile(file.path, (source.mark + text).encode("utf-8"))
    if not same(read_quads(result), after):
        raise MigovError(
            f"{file.path} would not say what it should, and stays as it is.",
            hint="This is a fault of migov: please report it with the file and the change.",
        )
    return result


class _Writing:
    """One file being written: which statements are touched, and what becomes of them."""

    def __init__(
        self,
        file: ContentFile,
        source: Source,
        after: Sequence[Triple],
        changed: Sequence[Triple],
    ) -> None:
        self._source = source
        self._names = Names(source.blocks, file.graph)
        self._names.labels.update(source.labels)
        self._nodes = Nodes(after, self._names)
        self._after = set(after)
        self._changed = set(changed)
        self._homes: dict[BlankNode, int] = {}
        self._by_subject: dict[object, list[int]] = defaultdict(list)
        for at, statement in enumerate(source.statements):
            self._by_subject[statement.subject].append(at)
            for triple in statement.triples:
                for node in blanks(triple):
                    if node not in source.labels:
                        self._homes.setdefault(node, at)

    def text(self) -> str:
        splices = Splices(self._source)
        more, fresh = self._allotted()
        for at in sorted(self._touched(more)):
            statement = self._source.statements[at]
            own = [
                triple
                for triple in dict.fromkeys([*statement.triples, *more.get(at, ())])
                if triple.subject == statement.subject and triple in self._after
            ]
            if own and not self._nodes.nests(statement.subject):
                splices.replace(statement.block, self._nodes.statement(statement.subject, own))
            else:
                splices.remove(statement.block)
        for group in grouped(fresh, self._nodes.uses):
            at_statement = anchor(group[0], self._source.statements, self._homes, self._nodes.uses)
            for subject, triples in group:
                text = self._nodes.statement(subject, triples)
                splices.append(at_statement, text, is_apart=not isinstance(subject, BlankNode))
        splices.declare(self._names.needed)
        return splices.text()

    def _allotted(self) -> tuple[dict[int, list[Triple]], dict[object, list[Triple]]]:
        """Return the added triples by the statement they join, and those of new statements."""
        more: dict[int, list[Triple]] = defaultdict(list)
        fresh: dict[object, list[Triple]] = defaultdict(list)
        standing = set(self._by_subject)
        for subject, triples in self._nodes.said.items():
            if self._nodes.nests(subject):
                continue
            if subject not in standing:
                fresh[subject] = list(triples)
                continue
            for triple in triples:
                if triple in self._changed:
                    more[self._best(self._by_subject[subject], triple)].append(triple)
        return more, fresh

    def _best(self, statements: Sequence[int], triple: Triple) -> int:
        """Return the statement that already speaks of the predicate, else the first."""
        for at in statements:
            if any(
                said.predicate == triple.predicate and said.subject == triple.subject
                for said in self._source.statements[at].triples
            ):
                return at
        return statements[0]

    def _touched(self, more: dict[int, list[Triple]]) -> set[int]:
        """Return the statements that cannot stay: they say or hold something that changes."""
        touched = set(more)
        for node in {node for triple in self._changed for node in blanks(triple)}:
            if node in self._homes:
                touched.add(self._homes[node])
        for at, statement in enumerate(self._source.statements):
            if any(triple in self._changed for triple in statement.triples):
                touched.add(at)
        return touched


def new_file(path: str, triples: Iterable[Triple]) -> ContentFile:
    """Return the file of a new graph; raises TooComplexError."""
    head = ContentFile(path, b"")
    head = ContentFile(path, f"@base <{head.graph}> .\n".encode())
    file = write(head, (), triples)
    assert file is not None
    return file
