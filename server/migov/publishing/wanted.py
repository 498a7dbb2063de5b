"""What a store should hold: each graph by name, with a digest to compare and triples to send."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, RdfFormat, Triple, parse

from migov.dataset import ContentFile, content_files, holds_graph, read_quads
from migov.dataset.files import blob_name, is_uncommitted
from migov.engine.remote import content_digest
from migov.repository import Repository
from migov.snapshot import Snapshot, snapshot_of
from migov.vocabulary import INFERRED_GRAPH

_INFERRED: Final = f" <{INFERRED_GRAPH}> .\n".encode()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One state of the files. `digests` has a digest for each graph but the union of all."""

    snapshot: Snapshot
    uncommitted: bool
    files: Mapping[str, ContentFile]
    digests: Mapping[str, str]

    def lines(self, graph: str) -> list[bytes]:
        """Return a graph as lines of N-Triples, each once."""
        if graph == INFERRED_GRAPH:
            return _inferred(self.snapshot)
        return list(dict.fromkeys(_line(quad.triple) for quad in read_quads(self.files[graph])))


def wanted_now(repository: Repository, cache: Path) -> Wanted:
    """Return what the files say now; raises ContentError where one is broken."""
    files = content_files(repository)
    snapshot = snapshot_of(files, cache, repository.revision())
    turtle = {file.graph: file for file in files if holds_graph(file.path)}
    blobs = {file.path: blob_name(file.content) for file in files}
    digests = {graph: content_digest(file.content) for graph, file in turtle.items()}
    inferred = hashlib.sha256(b"".join(sorted(_inferred(snapshot)))).hexdigest()
    return Wanted(
        snapshot, is_uncommitted(repository, blobs), turtle, {**digests, INFERRED_GRAPH: inferred}
    )


def _inferred(snapshot: Snapshot) -> list[bytes]:
    with snapshot.quads.open("rb") as lines:
        return [
            line.removesuffix(_INFERRED) + b" .\n" for line in lines if line.endswith(_INFERRED)
        ]


def _line(triple: Triple) -> bytes:
    return f"{triple} .\n".encode()


def chunks(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield N-Triples documents of about `size` bytes that say together what the lines say.

    A blank node is one node only within a document, so that triples which hang together by blank
    nodes stay together, however long that gets.

    >>> lines = [b"_:a <p:p> _:b .\\n", b"<s:s> <p:p> <o:o> .\\n", b"_:b <p:p> _:c .\\n"]
    >>> [chunk.count(b"\\n") for chunk in chunks(lines, 10)]
    [1, 2]
    """
    part: list[bytes] = []
    length = 0
    for group in _together(list(lines)):
        more = sum(map(len, group))
        if part and length + more > size:
            yield b"".join(part)
            part, length = [], 0
        part += group
        length += more
    if part:
        yield b"".join(part)


def _together(lines: list[bytes]) -> Iterator[list[bytes]]:
    leader: dict[BlankNode, BlankNode] = {}

    def find(node: BlankNode) -> BlankNode:
        while (above := leader.setdefault(node, node)) != node:
            leader[node] = leader[above]
            node = above
        return node

    tied: list[tuple[BlankNode, bytes]] = []
    for line in lines:
        nodes = _blank_nodes(line)
        if not nodes:
            yield [line]
            continue
        for other in nodes[1:]:
            leader[find(other)] = find(nodes[0])
        tied.append((nodes[0], line))
    groups: dict[BlankNode, list[bytes]] = {}
    for node, line in tied:
        groups.setdefault(find(node), []).append(line)
    yield from groups.values()


def _blank_nodes(line: bytes) -> list[BlankNode]:
    if b"_:" not in line:
        return []
    (quad,) = parse(line, format=RdfFormat.N_TRIPLES)
    return [term for term in (quad.subject, quad.object) if isinstance(term, BlankNode)]
