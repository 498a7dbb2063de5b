"""What a publication has to do: the difference between what a store holds and what it should."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from migov.engine.remote import Held, StoreState
from migov.vocabulary import ASSERTED_GRAPH


@dataclass(frozen=True, slots=True)
class Plan:
    """The graphs to write, to remove and to keep; whether the union of all is made anew.

    `is_new` says that the store has to learn of another snapshot even where no graph differs.
    """

    write: tuple[str, ...]
    remove: tuple[str, ...]
    keep: Mapping[str, Held]
    whole_union: bool
    is_new: bool

    @property
    def is_empty(self) -> bool:
        return not (self.write or self.remove or self.whole_union or self.is_new)


def plan_for(
    state: StoreState | None,
    digest: str,
    wanted: Mapping[str, str],
    counted: Mapping[str, int],
    differing: Callable[[Iterable[str]], Collection[str]] = lambda _: (),
) -> Plan:
    """Return what brings a store from its state to the digests that are wanted.

    `counted` are the triples that the store has now, by graph: what it has lost is written again,
    and so is all that a publication did not finish. Of the graphs that seem right, `differing`
    tells those that are not.
    """
    held = dict(state.graphs) if state else {}
    known = {*held, *(state.unfinished if state else ())} - {ASSERTED_GRAPH}
    keep = {
        graph: entry
        for graph, entry in held.items()
        if entry.digest == wanted.get(graph) and counted.get(graph, 0) == entry.triples
    }
    union = held.get(ASSERTED_GRAPH)
    edited = differing([*keep, ASSERTED_GRAPH] if union is not None else keep)
    keep = {graph: entry for graph, entry in keep.items() if graph not in edited}
    write = tuple(graph for graph in wanted if graph not in keep)
    is_sound = (
        state is not None
        and state.is_complete
        and union is not None
        and not edited
        and all(counted.get(graph, 0) == entry.triples for graph, entry in held.items())
    )
    return Plan(
        write,
        tuple(sorted(known - wanted.keys())),
        keep,
        # Taking the old statements of a graph out one by one pays for a few graphs only.
        whole_union=not is_sound or 2 * len(write) > len(wanted),
        is_new=state is None or state.digest != digest,
    )
