"""The gated writer: every write over HTTP is a change, and goes through the merge gate.

A bearer token says whose it is. With the scope `propose` the verdict comes back and nothing is
stored; with `merge` what conforms is written, committed and published before the answer goes out.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from flask import current_app, g, request
from werkzeug.datastructures import ETags

from migov.access import Scope, Token, Tokens, refuse_inside
from migov.change.model import required_path
from migov.errors import BusyError, ParameterError, RefusedError
from migov.merge import CommittedError, Turn, turn
from migov.protocol.errors import (
    MediaTypeError,
    PreconditionError,
    UnknownGraphError,
    VersionError,
)
from migov.protocol.formats import Format, accepted, named
from migov.protocol.operation import last
from migov.protocol.writing import Written
from migov.snapshot import Snapshot
from migov.sparql.using import with_dataset
from migov.verdict.asked import Proposal, Ruling, Verdicts
from migov.verdict.reading import DROP
from migov.web.request import explicit_format, languages, url_parameters
from migov.web.served import WRITER
from migov.web.site import ChangedMeanwhileError, Site

log = logging.getLogger(__name__)

VERDICTS: Final = "migov.verdicts"
REPORTS: Final = (
    Format("json", "page", "JSON", ("application/json",)),
    Format("text", "page", "Text", ("text/plain",), ("txt",)),
    Format("markdown", "page", "Markdown", ("text/markdown",), ("md",)),
    Format("sarif", "page", "SARIF", ("application/sarif+json",)),
    Format("junit", "page", "JUnit", ("application/xml",), ("xml",)),
    Format("turtle", "page", "W3C validation report", ("text/turtle",), ("ttl",)),
)
"""How a verdict can be written for a program; one that takes anything gets JSON."""

_TRIPLES: Final = ("text/turtle", "application/n-triples")
_LOOKS: Final = 3
"""How often the files are read again when somebody edits others of them at the same time."""
_AT_ONCE: Final = 8
"""Merges that may wait for their turn or have it: others need threads of the server, too."""
_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A write as it was asked: what is proposed, and what the request says beside it.

    `expected` is the digest of the snapshot that its preconditions were compared with, and
    `states` are those that it is meant for by If-Match; None is any.
    """

    proposal: Proposal
    format: Format
    message: str | None = None
    expected: str | None = None
    states: ETags | None = None


class GatedWriter:
    """Takes writes from those who bring a token; safe for use by many threads."""

    def __init__(self, site: Site, verdicts: Verdicts, tokens: Tokens) -> None:
        self._site = site
        self._verdicts = verdicts
        self._tokens = tokens
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def token(self, credentials: str | None, scope: Scope) -> Token:
        """Return the token of a request; raises UnauthorizedError or ScopeError."""
        token = self._tokens.bearer(credentials)
        token.require(scope)
        return token

    def admit(self, credentials: str | None) -> None:
        """Raise UnauthorizedError or ScopeError for who may not write."""
        self.token(credentials, "propose")

    def update(
        self,
        text: str,
        using_graphs: tuple[str, ...],
        using_named_graphs: tuple[str, ...],
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        """Propose or merge what a SPARQL update does to the graphs of the files."""
        token = self.token(credentials, "propose")
        text = with_dataset(text, using_graphs, using_named_graphs)
        return self._written(token, _asked(text.encode(), "update", expected=expected))

    def write_graph(
        self,
        graph: str | None,
        content: bytes,
        media_type: str,
        replace: bool,
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        """Propose or merge the triples of one graph, beside those it has or in their place."""
        token = self.token(credentials, "propose")
        if media_type not in _TRIPLES:  # N-Triples are Turtle
            raise MediaTypeError(f"A graph is not written from {media_type} here.")
        asked = _asked(content, "turtle", _named(graph), replaces=replace, expected=expected)
        return self._written(token, asked)

    def drop_graph(
        self, graph: str | None, credentials: str | None, *, expected: str | None = None
    ) -> Written:
        """Propose or merge that a graph and its file go."""
        token = self.token(credentials, "propose")
        return self._written(token, _asked(b"", DROP, _named(graph), expected=expected))

    def merged(self, token: Token, asked: Asked) -> Written:
        """Merge a change with a token whose scope was looked at.

        While this takes its turn nobody else merges, so what is checked is what is written, on the
        files that the merge before left. Raises what `turn` and `Turn.write` raise, VersionError
        for a snapshot that is no longer the published one, RequestError or LimitError.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError("Many merges wait for their turn.", hint="Try again in a minute.")
        try:
            return self._merged(token, asked)
        finally:
            self._places.release()

    def _merged(self, token: Token, asked: Asked) -> Written:
        with turn(self._site.published.repository) as mine:
            self._compare(asked)
            proposal = replace(asked.proposal, base=mine.head)
            is_new = _is_new(mine, proposal)
            ruling = self._verdicts.rule(proposal)
            if not ruling.conforms:
                return _reported(HTTPStatus.UNPROCESSABLE_ENTITY, ruling, asked)
            if not ruling.files:
                return _merged(HTTPStatus.OK, ruling, asked, None, self._site.state.snapshot)
            try:
                commit = mine.write(ruling.files, token.author, asked.message or ruling.message)
            except CommittedError as error:
                log.error("%s", error.message)
                return _merged(HTTPStatus.ACCEPTED, ruling, asked, error.commit, None)
            log.info("merged %s with the token %s", commit, token.name)
            if not self._publish():
                return _merged(HTTPStatus.ACCEPTED, ruling, asked, commit, None)
            status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
            return _merged(status, ruling, asked, commit, self._site.state.snapshot)

    def _written(self, token: Token, asked: Asked) -> Written:
        if "merge" in token.scopes:
            return self.merged(token, asked)
        if asked.states is not None:
            self._require(asked.states)
        ruling = self._verdicts.rule(asked.proposal)
        conforms = ruling.conforms
        return _reported(
            HTTPStatus.ACCEPTED if conforms else HTTPStatus.UNPROCESSABLE_ENTITY, ruling, asked
        )

    def _compare(self, asked: Asked) -> None:
        """Raise PreconditionError or VersionError for another state than the request is meant for.

        Of the state in If-Match the tag is the value of `Migov-Snapshot`, in quotation marks.
        """
        if asked.expected is None and asked.states is None:
            return
        self._publish()
        if asked.states is not None:
            self._require(asked.states)
        if asked.expected not in (None, self._site.state.snapshot.digest):
            raise VersionError("The dataset changed meanwhile.", hint="Read it again.")

    def _require(self, states: ETags) -> None:
        """Raise PreconditionError where the published state is none of these."""
        digest = self._site.state.snapshot.digest
        if not states.contains(digest):
            raise PreconditionError(
                "The dataset is not in the state that If-Match names.",
                hint=f'It is in "{digest}". Read it again, and propose the change for that.',
            )

    def _publish(self) -> bool:
        """Publish the files as they are now; returns whether that could be done."""
        for _ in range(_LOOKS):
            try:
                self._site.refresh()
            except ChangedMeanwhileError:
                continue
            except Exception:  # what is merged stays merged, and the watch tries again
                log.exception("what was merged could not be published")
                break
            g.pop("state", None)
            return self._site.problem is None  # a store elsewhere waits for `migov publish`
        return False


def writer() -> GatedWriter | None:
    """Return what takes writes to the files, None where the server only reads them."""
    found = current_app.extensions.get(WRITER)
    return found if isinstance(found, GatedWriter) else None


def gated(site: Site, verdicts: Verdicts) -> GatedWriter | None:
    """Return the writer that the settings ask for, None without a file of tokens.

    Raises EnvironmentProblem where nothing could be merged, or the tokens are not safe.
    """
    path = site.settings.tokens
    if path is None:
        return None
    repository = site.published.repository
    refuse_inside(path, repository.root)
    tokens = Tokens(path)
    with turn(repository):  # there is a commit, git is at rest, and what was killed is settled
        pass
    return GatedWriter(site, verdicts, tokens)


def write_of(proposal: Proposal, format: Format, message: str | None = None) -> Asked:
    """Return a write with what the request says beside it; raises ParameterError."""
    by_state = (
        request.blueprint in ("changes", "review", "sparql") and "If-Match" in request.headers
    )
    return Asked(
        proposal,
        format,
        _message(message if message is not None else last(url_parameters(), "message")),
        states=request.if_match if by_state else None,
    )


def _asked(
    content: bytes,
    kind: str,
    target: str | None = None,
    *,
    replaces: bool = False,
    expected: str | None = None,
) -> Asked:
    format = _report()
    proposal = Proposal(
        content,
        kind,
        format.name,
        languages()[0],
        target=target,
        replace=replaces,
        name="update" if kind == "update" else "document",
    )
    return replace(write_of(proposal, format), expected=expected)


def _report() -> Format:
    """Return how the verdict on a write is told: no client is refused for what it accepts."""
    explicit = explicit_format()
    wanted = (
        named(explicit, REPORTS) if explicit else accepted(request.headers.get("Accept"), REPORTS)
    )
    return wanted or REPORTS[0]


def _named(graph: str | None) -> str:
    """Return the graph that is written; raises RefusedError for the default graph."""
    if graph is None:
        raise RefusedError(
            "The default graph is the union of the named graphs, and no file of its own.",
            hint="Name the graph: ?graph=https://w3id.org/migov/graph/data/….ttl",
        )
    return graph


def _message(given: str | None) -> str | None:
    """Return the message of the commit, from the parameter or the header Migov-Message (UTF-8).

    Raises ParameterError for one that is too long or would steer a terminal.
    """
    if given is None and "Migov-Message" in request.headers:
        try:
            given = request.headers["Migov-Message"].encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise ParameterError("Migov-Message is not UTF-8.") from None
    text = (given or "").replace("\r\n", "\n").strip()
    if len(text) > _LONGEST or not all(char.isprintable() or char in "\n\t" for char in text):
        raise ParameterError(
            "The message does not fit a commit.",
            hint=f"Use up to {_LONGEST:,} printable characters and line breaks.",
        )
    return text or None


def _is_new(mine: Turn, proposal: Proposal) -> bool:
    """Return whether a write makes a graph; raises UnknownGraphError where one is not to drop."""
    if proposal.target is None:
        return False
    path = required_path(proposal.target)
    is_there = mine.holds(path)
    if proposal.kind == DROP and not is_there:
        raise UnknownGraphError(
            f"This dataset has no graph <{proposal.target}>.", hint="/graph lists those there are."
        )
    return not is_there


def _reported(status: HTTPStatus, ruling: Ruling, asked: Asked) -> Written:
    """Return a verdict on what was not stored."""
    g.write_outcome = "proposed" if status is HTTPStatus.ACCEPTED else "refused"
    return Written(status, ruling.verdict, asked.format.content_type)


def _merged(
    status: HTTPStatus, ruling: Ruling, asked: Asked, commit: str | None, snapshot: Snapshot | None
) -> Written:
    """Return a verdict with what became of the change.

    `commit` is None where there was nothing to do, `snapshot` where it is not published yet.
    """
    g.write_outcome = "unchanged" if commit is None else "committed"
    content = ruling.verdict
    if asked.format.name == "json":
        merged = {"commit": commit, "snapshot": None if snapshot is None else snapshot.digest}
        document = {**json.loads(content), "merged": merged}
        content = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    elif asked.format.name == "text":
        content += f"{_told(commit, None if snapshot is None else snapshot.name)}\n".encode()
    headers = () if commit is None else (("Migov-Commit", commit),)
    return Written(status, content, asked.format.content_type, headers)


def _told(commit: str | None, snapshot: str | None) -> str:
    is_french = languages()[0] == "fr"
    if commit is None:
        return "Il n’y a rien à fusionner." if is_french else "There is nothing to merge."
    if snapshot is None:
        return (
            f"Fusionné : {commit}, pas encore publié."
            if is_french
            else f"Merged as {commit}, not yet published."
        )
    published = "instantané" if is_french else "snapshot"
    return f"{'Fusionné :' if is_french else 'Merged as'} {commit}, {published} {snapshot}"
