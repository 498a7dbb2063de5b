"""What can go wrong, told apart by who can mend it.

Lower layers raise these; only the faces (`cli`, `web`) render them. Not conforming to a shape is
a result and has no error here.
"""

from __future__ import annotations

from dataclasses import dataclass

from migov.lines import lines_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file or a named text, a 1-based line and column, and that line.

    >>> str(Place("data/actors/ilo.ttl", 3, 7))
    'data/actors/ilo.ttl:3:7'
    >>> str(Place("query"))
    'query'
    """

    source: str
    line: int | None = None
    column: int | None = None
    text: str | None = None

    @classmethod
    def within(cls, source: str, content: str, line: int | None, column: int | None) -> Place:
        r"""Return a place of a text, with its line where the text has one of that number.

        >>> Place.within("query", "ASK\r\n{ ?s", 2, 3).text
        '{ ?s'
        """
        lines = lines_of(content + "\n")  # a parser may point after the last line break
        text = lines[line - 1] if line and line <= len(lines) else None
        return cls(source, line, column, text)

    def __str__(self) -> str:
        return ":".join(
            str(part) for part in (self.source, self.line, self.column) if part is not None
        )


class MigovError(Exception):
    """Base of every error: a sentence for people, the place, and what to do next."""

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint


class ContentError(MigovError):
    """A file of the repository is wrong; its steward can mend it."""


class ContentSyntaxError(ContentError):
    """A file of the repository cannot be parsed."""


class RequestError(MigovError):
    """What was asked is wrong; the one who asked can mend it."""


class QuerySyntaxError(RequestError):
    """A query cannot be parsed; `place` has its line and column."""


class DataSyntaxError(RequestError):
    """Data given from outside cannot be parsed."""


class ParameterError(RequestError):
    """A parameter has a value that does not fit its type."""


class UnknownQueryError(RequestError):
    """No canned query has this name."""


class UnknownEntityError(RequestError):
    """The graph says nothing about this IRI."""


class UnknownFormatError(RequestError):
    """No known format fits what was asked for."""


class UnwritableError(UnknownFormatError):
    """The answer says something that the format asked for has no way to write."""


class RefusedError(RequestError):
    """Understood, and not allowed: it would reach outside this dataset."""


class UncommittedError(RefusedError):
    """Files have edits that are not committed, or git is in the middle of something."""


class ConflictError(RequestError):
    """What was asked fits a state of the files that is no longer there."""


class TooComplexError(RequestError):
    """The text is nested too deeply, or is too long, to be evaluated."""


class LimitError(MigovError):
    """A limit of this server ended the work; a smaller question may pass."""


class DeadlineError(LimitError):
    """The time for one request ran out."""


class ResourceError(LimitError):
    """The worker ran out of memory, or crashed on this request."""


class AnswerTooLargeError(LimitError):
    """The answer is longer than this server gives at once."""


class BusyError(LimitError):
    """No worker became free in time."""


class AbandonedError(LimitError):
    """Whoever asked went away before the answer was there."""


class StoppingError(LimitError):
    """The server was stopped before it could answer."""


class BudgetError(LimitError):
    """This client has used the time that this server gives one client in a minute."""

    def __init__(
        self, message: str, *, headers: tuple[tuple[str, str], ...], hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.headers = headers


class EnvironmentProblem(MigovError):
    """The machine or the set-up is in the way: a taken port, a missing folder, no permission."""


class StoreProblem(EnvironmentProblem):
    """The SPARQL store behind this server cannot be reached, or gives no answer to rely on."""
