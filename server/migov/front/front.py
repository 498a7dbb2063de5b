"""What all connections share: the site, what is kept, and who is told of each request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from migov.engine import frames
from migov.engine.tickets import Asker
from migov.front.again import Remembered
from migov.front.alike import Manners
from migov.front.kept import Generation, Kept
from migov.front.room import MOST_HELD, MOST_UNREAD, most_connections
from migov.operating.operation import Operation
from migov.operating.requests import network_of
from migov.protocol.heads import last_modified
from migov.vocabulary import INFERRED_GRAPH
from migov.web.site import Site, State

_MEGABYTE = 1_000_000
_ASKERS = 10_000
"""Clients of proxies that are remembered; those that asked last stay."""


class Front:
    """The shared state of a server's connections.

    `operation` admits each request, and is told when it is over: by an exchange that was answered
    here, and by `migov.operating.observed` for one that was passed on.
    """

    def __init__(
        self,
        site: Site | None,
        operation: Operation | None,
        *,
        longest_body: int,
        is_early: bool = True,
    ) -> None:
        """`longest_body` is in bytes; unless `is_early`, Flask answers every request.

        Without a site nothing is known of what the application answers from, so nothing is kept.
        """
        self.site = site
        self.operation = operation
        self.longest_body = longest_body
        self.is_early = is_early and site is not None
        self.most_connections = most_connections()
        self.most_held = MOST_HELD
        self.most_unread = MOST_UNREAD
        self.kept = Kept(site.settings.kept * _MEGABYTE if site else 0)
        self.remembered = Remembered()
        self.manners = Manners()
        self._askers: OrderedDict[str, Asker] = OrderedDict()
        self._prefixes: tuple[Mapping[str, str], bytes] = {}, b""
        self._graphs: tuple[State | None, Collection[str]] = None, ()
        self._modified: tuple[State | None, str] = None, ""

    @property
    def snapshot(self) -> str:
        """The digest of the snapshot that answers now, empty where there is none."""
        return self.site.state.snapshot.digest if self.site else ""

    def newcomer(self, peer: str | None) -> Asker:
        """Return who asks over a new connection, of whom nothing is known."""
        return Asker(network_of(peer))

    def behind_proxy(self, client: str | None) -> Asker:
        """Return who asks through a proxy, as far as remembered: a connection is many clients'."""
        network = network_of(client)
        found = self._askers.pop(network, None) or Asker(network)
        self._askers[network] = found
        if len(self._askers) > _ASKERS:
            self._askers.popitem(last=False)
        return found

    def generation(self, site: Site, state: State) -> Generation:
        return state.version, site.notice

    def prefixes_of(self, state: State) -> bytes:
        """Return the prefixes of a state as a request to a worker has them."""
        if self._prefixes[0] is not state.prefixes:
            self._prefixes = state.prefixes, frames.packed_prefixes(state.prefixes)
        return self._prefixes[1]

    def graphs_of(self, state: State) -> Collection[str]:
        """Return the graphs that a query may name."""
        if self._graphs[0] is not state:
            self._graphs = state, {*state.snapshot.graphs, INFERRED_GRAPH}
        return self._graphs[1]

    def modified(self, state: State) -> str:
        """Return when the snapshot of a state was built, as HTTP writes it."""
        if self._modified[0] is not state:
            self._modified = state, last_modified(state.snapshot.built)
        return self._modified[1]
