"""What the pages are made from: one state at a time, swapped whole when the files change."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import current_app, g
from pyoxigraph import Quad

from migov import __version__
from migov.catalogue import Catalogue, load_catalogue
from migov.dataset import read_quads, shape_files
from migov.engine import Engine, Published
from migov.engine.published import Edition
from migov.entities import GraphTerms, KnownTerms, schemes
from migov.errors import EnvironmentProblem, MigovError, StoreProblem
from migov.federation import Federation
from migov.protocol.services import Services, index_of
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import Snapshot
from migov.vocabulary import CONCEPT, PREFIXES
from migov.web.watch import Look, look

log = logging.getLogger(__name__)

_FAILURE: Final = EnvironmentProblem(
    "This server could not prepare newer files.",
    hint="Its log says why; it tries again by itself.",
)
"""What visitors are told of the machine: not its folders, and not its programs."""


class ChangedMeanwhileError(Exception):
    """Files changed while they were read, so that what was read may be no state of theirs."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is served beside the dataset: the canned queries and the shapes."""

    catalogue: Catalogue
    shapes: tuple[Quad, ...]


def read_beside(repository: Repository) -> Beside:
    """Read the canned queries and the shapes; raises ContentError when a file is broken."""
    shapes = tuple(quad for file in shape_files(repository) for quad in read_quads(file))
    return Beside(load_catalogue(repository.queries), shapes)


@dataclass(frozen=True, slots=True)
class State:
    """One snapshot, its engines and the canned queries beside it.

    `engine` answers what visitors write in SPARQL, `house` the questions of pages and the canned
    ones, so that nobody's slow query keeps a page waiting; `patient` gives one whose questions may
    take so many seconds.
    `version` changes whenever any answer could: it is what ETags are made from. `since` is the
    moment from which this process answers so. `is_settled` is false where a store is between two
    snapshots: then no answer is named or kept.
    """

    snapshot: Snapshot
    engine: Engine
    house: Engine
    beside: Beside
    prefixes: Mapping[str, str]
    terms: GraphTerms
    known: KnownTerms
    services: Services
    patient: Callable[[float], AbstractContextManager[Engine]]
    version: str
    since: datetime
    is_settled: bool = True

    @property
    def catalogue(self) -> Catalogue:
        return self.beside.catalogue

    @property
    def shapes(self) -> tuple[Quad, ...]:
        return self.beside.shapes


class Site:
    """The current state, what is wrong with the files, and the settings."""

    def __init__(self, published: Published, settings: Settings) -> None:
        """Read what is served beside it too; raises ContentError when a file is broken."""
        self.published = published
        self.settings = settings
        self.afterwards: list[Callable[[], object]] = []
        """What is done when another state was published; it may not wait for anything."""
        self._failure: MigovError | None = None
        self._refreshing = threading.Lock()
        self._federation = Federation(settings)
        self._state = self._made(published.edition)

    @property
    def problem(self) -> MigovError | None:
        """What keeps a newer state from being published, fit for visitors, or None."""
        problem = self._failure or self.published.problem
        if isinstance(problem, EnvironmentProblem) and not isinstance(problem, StoreProblem):
            return _FAILURE
        return problem or self.published.remark

    @property
    def notice(self) -> str:
        """What pages say of that problem, empty without one."""
        problem = self.problem
        return problem.message if problem else ""

    @property
    def state(self) -> State:
        """The state of now; a request takes it once and keeps it."""
        return self._state

    def refresh(self) -> None:
        """Publish the files as they are now, all of them or none.

        What is broken is kept in `problem` and logged. Raises what is not for the files' stewards
        to mend, so that the caller tries again: the same files may pass then.
        """
        with self._refreshing:  # an older look never takes the place of a newer one
            self._refresh()

    def _refresh(self) -> None:
        seen, before, earlier = self._look(), self._state, self.published.problem
        prepared: list[State] = []

        def prepare(edition: Edition) -> None:
            prepared.append(self._made(edition))
            if seen is None or self._look() != seen:
                raise ChangedMeanwhileError("files changed while they were read")

        try:
            self.published.refresh(prepare)
        except ChangedMeanwhileError:
            raise
        except Exception:
            self._failure = _FAILURE
            raise
        self._failure = None
        problem = self.published.problem
        if isinstance(problem, EnvironmentProblem):
            raise problem
        if problem is not None:
            log.warning("not published: %s (%s)", problem.message, problem.place)
            return
        if earlier is not None:
            log.info("mended: %s", earlier.place or earlier.message)
        (self._state,) = prepared
        now = self._state.snapshot
        if self._state.version != before.version:
            for tell in self.afterwards:
                tell()
        if now is not before.snapshot:
            log.info("published %s of %s", now.name, now.revision or "files without a revision")

    def _made(self, edition: Edition) -> State:
        """Return the state of an edition and what is beside it now; raises ContentError."""
        beside = read_beside(self.published.repository)
        index = index_of(lambda: self.published.with_files(edition.snapshot).folder, self.settings)
        return _state(edition, beside, Services(self._federation, index))

    def _look(self) -> Look | None:
        try:
            return look(self.published.repository)
        except OSError:  # a file is just gone
            return None


def _state(edition: Edition, beside: Beside, services: Services) -> State:
    snapshot, house = edition.snapshot, edition.house
    parts = [__version__, snapshot.digest, snapshot.revision or "", str(snapshot.uncommitted)]
    parts.append(str(snapshot.inference))
    parts.append(edition.run)
    parts.extend(f"{slug} {query.title} {query.text}" for slug, query in beside.catalogue.items())
    parts.extend(map(str, beside.shapes))
    try:
        concept_schemes = [entry.iri for entry in schemes(house, ("en",))]
    except MigovError:  # prefixes are a convenience; the page that needs the engine will say more
        log.exception("the concept schemes could not be read")
        concept_schemes = []
    named = {
        iri.removeprefix(CONCEPT): f"{iri}/" for iri in concept_schemes if iri.startswith(CONCEPT)
    }
    return State(
        snapshot,
        edition.engine,
        house,
        beside,
        {**PREFIXES, **named},
        GraphTerms(house),
        KnownTerms(house),
        services,
        edition.patient,
        hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16],
        datetime.now(UTC),
        edition.is_settled,
    )


def site() -> Site:
    """Return the site that the running application serves."""
    found: Site = current_app.extensions["migov"]
    return found


def state() -> State:
    """Return the state that this request began with."""
    if "state" not in g:
        g.state = site().state
    found: State = g.state
    return found
