"""What a change says, graph by graph: silent about formatting and about blank node labels."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad

from migov.change.entities import EntityChanges, GraphStates, entity_changes
from migov.change.matching import Nodes, compare
from migov.change.model import Change, is_graph
from migov.dataset import ContentFile, graph_iri, in_graph, read_quads


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """What changes in one graph.

    `removed` are quads of `read_quads` of the file before and `added` of the file after. `nodes`
    maps the blank nodes of the former that are still there to those of the latter.
    """

    path: str
    removed: tuple[Quad, ...]
    added: tuple[Quad, ...]
    nodes: Nodes
    is_new: bool = False
    is_gone: bool = False

    @property
    def graph(self) -> str:
        return graph_iri(self.path)


@dataclass(frozen=True, slots=True)
class Diff:
    """What changes in the dataset. Files whose layout alone changes are in `laid_out`."""

    graphs: tuple[GraphDiff, ...]
    entities: EntityChanges
    laid_out: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[Quad, ...]:
        return tuple(quad for graph in self.graphs for quad in graph.added)

    @property
    def removed(self) -> tuple[Quad, ...]:
        return tuple(quad for graph in self.graphs for quad in graph.removed)

    def __bool__(self) -> bool:
        return bool(self.graphs)


def diff(change: Change) -> Diff:
    """Return what a change says.

    Raises ContentSyntaxError for a file that cannot be parsed, TooComplexError for blank nodes
    that cannot be compared, and RefusedError for triple terms.
    """
    graphs, laid_out, states = [], [], []
    for path in change.touched:
        if not is_graph(path):
            continue
        before, after = _quads(change.before.get(path)), _quads(change.after.get(path))
        found = compare(before, after)
        if not found.removed and not found.added and path in change.before and path in change.after:
            laid_out.append(path)
            continue
        graph = NamedNode(graph_iri(path))
        graphs.append(
            GraphDiff(
                path,
                tuple(in_graph(triple, graph) for triple in found.removed),
                tuple(in_graph(triple, graph) for triple in found.added),
                found.nodes,
                is_new=path not in change.before,
                is_gone=path not in change.after,
            )
        )
        states.append(GraphStates(before, after, found.removed, found.added))
    return Diff(tuple(graphs), entity_changes(change, states), tuple(laid_out))


def _quads(file: ContentFile | None) -> list[Quad]:
    return [] if file is None else list(read_quads(file))
