"""What the pages are made from: one state at a time, swapped whole when the files change."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app, g
from pyoxigraph import Quad

from migov import __version__
from migov.catalogue import Catalogue, load_catalogue
from migov.dataset import ContentFile, read_quads
from migov.engine import Engine, Published
from migov.entities import GraphTerms, schemes
from migov.errors import ContentError, MigovError
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import Snapshot
from migov.vocabulary import CONCEPT, PREFIXES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is served beside the dataset: the canned queries and the shapes."""

    catalogue: Catalogue
    shapes: tuple[Quad, ...]


def read_beside(repository: Repository) -> Beside:
    """Read the canned queries and the shapes; raises ContentError when a file is broken."""
    root = repository.root
    shapes = tuple(
        quad
        for path in sorted(repository.shapes.glob("*.ttl"))
        for quad in read_quads(ContentFile(path.relative_to(root).as_posix(), path.read_bytes()))
    )
    return Beside(load_catalogue(repository.queries), shapes)


@dataclass(frozen=True, slots=True)
class State:
    """One snapshot, its engine and the canned queries beside it.

    `version` changes whenever any answer could: it is what ETags are made from.
    """

    snapshot: Snapshot
    engine: Engine
    beside: Beside
    prefixes: Mapping[str, str]
    terms: GraphTerms
    version: str

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
        self._beside_problem: ContentError | None = None
        self._beside = read_beside(published.repository)
        self._making = threading.Lock()
        self._state: State | None = None

    @property
    def problem(self) -> MigovError | None:
        """The file that keeps a newer state from being published, or None."""
        return self.published.problem or self._beside_problem

    @property
    def state(self) -> State:
        """The state of now; a request takes it once and keeps it."""
        edition, beside, state = self.published.edition, self._beside, self._state
        if state is None or state.snapshot is not edition.snapshot or state.beside is not beside:
            with self._making:
                state = self._state = _state(edition.snapshot, edition.engine, beside)
        return state

    def refresh(self) -> None:
        """Publish the files as they are now; what is broken is kept in `problem` and logged."""
        before = self.published.edition.snapshot
        self.published.refresh()
        try:
            self._beside = read_beside(self.published.repository)
            self._beside_problem = None
        except ContentError as error:
            self._beside_problem = error
        if self.problem is not None:
            log.warning("not published: %s (%s)", self.problem.message, self.problem.place)
        now = self.published.edition.snapshot
        if now is not before:
            log.info("published snapshot %s, revision %s", now.name, now.revision)


def _state(snapshot: Snapshot, engine: Engine, beside: Beside) -> State:
    parts = [__version__, snapshot.digest, snapshot.revision or ""]
    parts.extend(f"{slug} {query.title} {query.text}" for slug, query in beside.catalogue.items())
    parts.extend(map(str, beside.shapes))
    try:
        concept_schemes = [entry.iri for entry in schemes(engine, ("en",))]
    except MigovError:  # prefixes are a convenience; the page that needs the engine will say more
        log.exception("the concept schemes could not be read")
        concept_schemes = []
    named = {
        iri.removeprefix(CONCEPT): f"{iri}/" for iri in concept_schemes if iri.startswith(CONCEPT)
    }
    return State(
        snapshot,
        engine,
        beside,
        {**PREFIXES, **named},
        GraphTerms(engine),
        hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16],
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
