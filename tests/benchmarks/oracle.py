"""The whole graph judged by all shapes and all checks, for many graphs that differ in little.

It knows nothing of changes, paths or the gate. pySHACL judges every shape for every focus node of
it, over a store that notes what it is asked. A result can only differ from the last one if the
store would answer something otherwise than it did, so a pair of shape and focus node is judged
again where a triple that came or went fits a pattern that was asked for it. So are the targets of
a shape. `benchmarks.merge_mutations` holds what it says against a plain validation now and then.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl import Validator
from pyshacl.graph_abstraction import DataGraph
from rdflib import Graph
from rdflib.plugins.stores.memory import Memory
from rdflib.term import Node

from migov.dataset import ContentFile, content_files, holds_graph, read_quads, shape_files
from migov.errors import MigovError
from migov.gate.checks import Context, run
from migov.gate.documents import add_quads
from migov.gate.honesty import contradictions
from migov.gate.report import Finding, Severity
from migov.gate.repository import check_repository, union
from migov.gate.shapes import prepared
from migov.gate.validation import OPTIONS, findings_of, pyshacl_failures
from migov.repository import Repository

Triple = tuple[Node, Node, Node]
Pattern = tuple[Node | None, Node | None, Node | None]
Key = tuple[int, Node | None]
"""A shape by its number and a focus node of it; without a node, the targets of the shape."""


class Noting(Memory):
    """A store that notes which patterns it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[Pattern] | None = None

    @contextmanager
    def noted(self) -> Iterator[set[Pattern]]:
        """Yield the patterns that are asked for in the meantime."""
        self._asked = set()
        try:
            yield self._asked
        finally:
            self._asked = None

    def triples(self, triple_pattern: Any, context: Any = None) -> Any:
        if self._asked is not None:
            self._asked.add(tuple(triple_pattern))
        return super().triples(triple_pattern, context)


class Oracle:
    """Judges a repository as it is on disk, as often as it is asked."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._shapes = union(shape_files(repository))
        self._store = Noting()
        self._graph = Graph(store=self._store, bind_namespaces="none")
        self._data = DataGraph.from_rdflib(self._graph)
        validator: Any = Validator(
            self._data, shacl_graph=prepared(self._shapes), options=dict(OPTIONS)
        )
        self._compiled = validator.shacl_graph
        self._targeting = [
            shape
            for shape in self._compiled.shapes
            if not shape.deactivated and any(list(target) for target in shape.target())
        ]
        self._executor = validator.make_executor()
        self._files: dict[str, tuple[ContentFile, frozenset[Triple]]] = {}
        self._holders: Counter[Triple] = Counter()
        self._patterns: dict[Key, set[Pattern]] = {}
        self._keys: dict[Pattern, set[Key]] = defaultdict(set)
        self._focus: list[set[Node]] = [set() for _ in self._targeting]
        self._found: dict[Key, tuple[str, ...]] = {}
        self._waiting: set[Key] = {(number, None) for number in range(len(self._targeting))}
        self.judged = 0

    def violations(self) -> Counter[str]:
        """Return the violations of the whole graph as it is on disk."""
        try:
            files = content_files(self._repository)
            self._read(files)
        except MigovError as error:
            return Counter([_told(error)])
        with pyshacl_failures():
            self._judge()
        context = Context.whole({file.path: file for file in files})
        checked = [*run(context), *contradictions(context)]
        return Counter(itertools.chain(*self._found.values(), _violations(checked)))

    def plain(self) -> Counter[str]:
        """Return the same from a validation that starts with nothing."""
        try:
            report = check_repository(self._repository)
        except MigovError as error:
            return Counter([_told(error)])
        return Counter(_violations(report.findings))

    def _read(self, files: Iterable[ContentFile]) -> None:
        """Bring the graph to what the files say, all of them or none."""
        now: dict[str, tuple[ContentFile, frozenset[Triple]]] = {}
        for file in files:
            known = self._files.get(file.path)
            if known is not None and known[0] == file:
                now[file.path] = known
            elif holds_graph(file.path):
                alone = Graph(bind_namespaces="none")
                add_quads(alone, read_quads(file))
                now[file.path] = file, frozenset(alone)
        holders = self._holders.copy()
        for path in self._files.keys() | now.keys():
            old, new = (side.get(path, (None, frozenset()))[1] for side in (self._files, now))
            holders.subtract(old)
            holders.update(new)
        holders = +holders
        for triple in self._holders.keys() ^ holders.keys():
            if triple in holders:
                self._graph.add(triple)
            else:
                self._graph.remove(triple)
            for kept in itertools.product((True, False), repeat=3):
                s, p, o = (term if keep else None for term, keep in zip(triple, kept, strict=True))
                self._waiting |= self._keys.get((s, p, o), set())
        self._files, self._holders = now, holders

    def _judge(self) -> None:
        for number, _ in sorted((key for key in self._waiting if key[1] is None), key=str):
            with self._store.noted() as asked:
                nodes = set(self._targeting[number].focus_nodes(self._data))
            self._note((number, None), asked)
            for gone in self._focus[number] - nodes:
                self._note((number, gone), set())
                self._found.pop((number, gone), None)
            self._waiting |= {(number, node) for node in nodes - self._focus[number]}
            self._focus[number] = nodes
        for number, node in self._waiting:
            if node is not None and node in self._focus[number]:
                self._ask(number, node)
        self._waiting = set()

    def _ask(self, number: int, node: Node) -> None:
        self.judged += 1
        with self._store.noted() as asked:
            _, results = self._targeting[number].validate(self._executor, self._data, focus=[node])
        self._note((number, node), asked)
        found: tuple[str, ...] = ()
        if results:
            report, _ = Validator.create_validation_report(self._compiled, False, results)
            found = tuple(_violations(findings_of(report, self._graph, self._shapes)))
        self._found[number, node] = found

    def _note(self, key: Key, asked: set[Pattern]) -> None:
        before = self._patterns.get(key, set())
        for pattern in before - asked:
            self._keys[pattern].discard(key)
        for pattern in asked - before:
            self._keys[pattern].add(key)
        self._patterns[key] = asked


def _violations(findings: Iterable[Finding]) -> Iterator[str]:
    for found in findings:
        if found.severity is Severity.VIOLATION:
            yield f"{found.rule} {found.focus} {found.path} {found.value}"


def _told(error: MigovError) -> str:
    return f"{error.message} {error.place}"
