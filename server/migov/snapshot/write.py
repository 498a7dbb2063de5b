"""Quads → the files of a snapshot, with no more in memory than one file of the content at a time.

The union of the asserted graphs says each triple once. To find what several files say, the lines
of all files are dealt out by their checksum, so that equal ones meet in a heap small enough to be
held.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize

from migov.dataset import in_graph
from migov.snapshot.model import QUADS
from migov.vocabulary import INFERRED_GRAPH

_HEAP: Final = 32_000_000
"""Bytes of content for each heap of lines."""


class Writer:
    """Writes one N-Quads file: the union of the graphs, the graphs, and what follows from them."""

    def __init__(self, folder: Path, size: int) -> None:
        """Begin in a folder of one's own; `size` is how many bytes of content are to come."""
        self._folder = folder
        self._open = ExitStack()
        self._heaps = [self._part(f"heap-{number}") for number in range(size // _HEAP + 1)]
        self._graphs = self._part("graphs")
        self.graphs: dict[str, int] = {}
        self.quads = 0

    def add(self, graph: str, quads: Sequence[Quad]) -> None:
        """Add a graph, whole."""
        distinct = dict.fromkeys(quads)
        self.graphs[graph] = len(distinct)
        self.quads += len(distinct)
        self._graphs.write(serialize(distinct, format=RdfFormat.N_QUADS) or b"")
        triples = serialize((quad.triple for quad in distinct), format=RdfFormat.N_TRIPLES) or b""
        for line in triples.splitlines(keepends=True):
            self._heaps[zlib.crc32(line) % len(self._heaps)].write(line)

    def finish(self, inferred: Iterable[Triple]) -> tuple[int, int]:
        """Write the file; returns the triples of the union and the bytes of the file."""
        union = 0
        with (self._folder / QUADS).open("wb") as out:
            for heap in self._heaps:
                heap.seek(0)
                lines = dict.fromkeys(heap)
                out.writelines(lines)
                union += len(lines)
                del lines
            self._graphs.seek(0)
            shutil.copyfileobj(self._graphs, out, 1 << 20)
            name = NamedNode(INFERRED_GRAPH)
            serialize((in_graph(triple, name) for triple in inferred), out, RdfFormat.N_QUADS)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        self.quads += union
        self.close()
        return union, size

    def close(self) -> None:
        """Remove what is only needed while writing."""
        self._open.close()
        for path in self._folder.glob("*.part"):
            path.unlink()

    def _part(self, name: str) -> BinaryIO:
        return self._open.enter_context((self._folder / f"{name}.part").open("w+b"))


def write_store(quads: Path, folder: Path) -> None:
    """Write the store of an N-Quads file into a folder that is not there yet.

    Blank nodes keep their labels, which `Store.bulk_load` of a file would not do.
    """
    store = Store(str(folder))
    store.bulk_extend(parse(path=str(quads), format=RdfFormat.N_QUADS))
    store.optimize()
    store.flush()
    del store
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
