"""One publication: marked as begun, graph by graph, and marked as done when all is there.

Whatever breaks off in between leaves a state without an end, and the next publication finishes it.
The union of the asserted graphs is copied inside the store, by SPARQL Update: a blank node of a
record is then the same node in the union, as it is in a snapshot. No upload could say that.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyoxigraph import NamedNode

from migov.engine.remote import Held, RemoteStore, StoreState, counted, read_state
from migov.errors import ConflictError
from migov.publishing.comparison import differing
from migov.publishing.plan import Plan, plan_for
from migov.publishing.sending import Sender
from migov.publishing.wanted import Wanted
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PUBLISHED_GRAPH

_AT_ONCE: Final = 50
"""Graphs that are copied into the union by one request."""
_UNION: Final = str(NamedNode(ASSERTED_GRAPH))


@dataclass(frozen=True, slots=True)
class Report:
    """What a publication did."""

    written: int
    removed: int
    kept: int
    triples: int
    inferred: int
    requests: int


class Publication:
    """Brings a store to one state of the files."""

    def __init__(
        self,
        remote: RemoteStore,
        wanted: Wanted,
        *,
        compare: bool = False,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Look at what the store holds; raises StoreProblem or LimitError.

        With `compare` every statement is read back, which takes as long as reading the store whole.
        """
        self._remote = remote
        self._wanted = wanted
        self._state = read_state(remote)
        held = self._state.graphs if self._state else {}
        self.plan: Plan = plan_for(
            self._state,
            wanted.snapshot.digest,
            wanted.digests,
            counted(remote, held) if held else {},
            (lambda graphs: differing(remote, wanted, graphs, say)) if compare else lambda _: (),
        )

    @property
    def digest(self) -> str:
        """The digest of the snapshot that the store is to hold."""
        return self._wanted.snapshot.digest

    @property
    def continues(self) -> bool:
        """Whether an earlier publication broke off, or goes on elsewhere."""
        return self._state is not None and not self._state.is_complete

    def run(self, sender: Sender, say: Callable[[str], object] = lambda _: None) -> Report:
        """Do what is planned; raises StoreProblem, LimitError or ConflictError.

        ConflictError means that another publication began meanwhile: what the store holds is
        marked as unfinished.
        """
        plan = self.plan
        run, started = f"urn:uuid:{uuid.uuid4()}", _now()
        begun = self._described(run, started, plan)
        say("Marking the store as being written")
        sender.put(PUBLISHED_GRAPH, _lines(begun))
        self._write_graphs(sender, plan, say)
        if plan.whole_union:
            self._renew_union(sender, say)
        say("Counting")
        held = counted(self._remote, self._wanted.digests)
        if held.get(ASSERTED_GRAPH) != self._wanted.snapshot.triples and not plan.whole_union:
            self._renew_union(sender, say)  # not what a store should come to, so from nothing
            held = counted(self._remote, self._wanted.digests)
        now = read_state(self._remote)
        if now is None or now.run != run:
            raise ConflictError(
                "Another publication to this store began while this one was going on.",
                hint="Let it end, then run migov publish again.",
            )
        sender.put(PUBLISHED_GRAPH, _lines(self._done(begun, held)))
        return Report(
            len(plan.write),
            len(plan.remove),
            len(plan.keep),
            held.get(ASSERTED_GRAPH, 0),
            held.get(INFERRED_GRAPH, 0),
            sender.requests,
        )

    def _write_graphs(self, sender: Sender, plan: Plan, say: Callable[[str], object]) -> None:
        """Write and remove graphs, and keep the union in step with each where it is kept at all."""
        left: list[str] = []
        steps = [*((graph, False) for graph in plan.remove), *((g, True) for g in plan.write)]
        for number, (graph, is_wanted) in enumerate(steps, 1):
            say(f"{number:,} of {len(steps):,}: {graph.removeprefix(GRAPH)}")
            is_tracked = not plan.whole_union and graph != INFERRED_GRAPH
            if is_tracked and self._state and graph in self._state.graphs:
                left.append(_taken_out(graph))
            if left:
                sender.update(left)
                left = []
            if is_wanted:
                sender.put(graph, self._wanted.lines(graph))
                if is_tracked:
                    left.append(_put_in(graph))
            else:
                sender.drop(graph)
        if left:
            sender.update(left)

    def _renew_union(self, sender: Sender, say: Callable[[str], object]) -> None:
        graphs = list(self._wanted.files)
        sender.drop(ASSERTED_GRAPH)
        for first in range(0, len(graphs), _AT_ONCE):
            say(f"Making the union: {first:,} of {len(graphs):,} graphs")
            sender.update(_put_in(graph) for graph in graphs[first : first + _AT_ONCE])

    def _described(self, run: str, started: str, plan: Plan) -> StoreState:
        snapshot = self._wanted.snapshot
        return StoreState(
            run=run,
            started=started,
            ended=None,
            digest=snapshot.digest,
            built=snapshot.built,
            graphs=plan.keep,
            unfinished=frozenset((*plan.write, *plan.remove, ASSERTED_GRAPH)),
            revision=snapshot.revision,
            uncommitted=self._wanted.uncommitted,
        )

    def _done(self, begun: StoreState, held: Mapping[str, int]) -> StoreState:
        digests = {**self._wanted.digests, ASSERTED_GRAPH: self._wanted.snapshot.digest}
        graphs = {graph: Held(digest, held.get(graph, 0)) for graph, digest in digests.items()}
        return StoreState(
            run=begun.run,
            started=begun.started,
            ended=_now(),
            digest=begun.digest,
            built=begun.built,
            graphs=graphs,
            revision=begun.revision,
            uncommitted=begun.uncommitted,
        )


def _taken_out(graph: str) -> str:
    """Return what takes out of the union the statements that only this graph makes."""
    name = NamedNode(graph)
    return (
        f"DELETE {{ GRAPH {_UNION} {{ ?s ?p ?o }} }} WHERE {{ GRAPH {name} {{ ?s ?p ?o }} "
        f"FILTER NOT EXISTS {{ GRAPH ?other {{ ?s ?p ?o }} FILTER(?other != {name} && "
        f'(STRSTARTS(STR(?other), "{GRAPH}data/") || STRSTARTS(STR(?other), "{GRAPH}ontology/")))'
        " } }"
    )


def _put_in(graph: str) -> str:
    return (
        f"INSERT {{ GRAPH {_UNION} {{ ?s ?p ?o }} }} "
        f"WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
    )


def _lines(state: StoreState) -> Iterator[bytes]:
    return (f"{triple} .\n".encode() for triple in state.triples())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
