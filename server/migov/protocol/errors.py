"""What can go wrong in the protocol alone, told apart because each has its own status."""

from __future__ import annotations

from migov.errors import ConflictError, RequestError, TooComplexError


class TooLongError(TooComplexError):
    """The text is longer than this server reads."""


class HeadTooLongError(RequestError):
    """The first lines of the request are longer than this server reads."""


class HttpVersionError(RequestError):
    """The request is of a version of HTTP that this server does not speak."""


class ExpectationError(RequestError):
    """The request expects something of this server that it does not do."""


class NotImplementedHereError(RequestError):
    """The method or coding of the request is none that this server knows."""


class MediaTypeError(RequestError):
    """The body has a media type that this operation does not take."""


class CodingError(MediaTypeError):
    """The body is compressed, or coded in another way that is not read here."""


class EncodingError(RequestError):
    """The text of the request is not UTF-8."""


class MissingQueryError(RequestError):
    """No query was given."""


class NotOfferedError(RequestError):
    """The protocol has this operation, and this server does not offer it."""


class UnknownGraphError(RequestError):
    """The dataset has no graph of this name."""


class PreconditionError(RequestError):
    """The state of the graph is not the one that the request is meant for."""


class VersionError(ConflictError):
    """The dataset changed between the look at its state and the write."""


class RangeError(RequestError):
    """The part that was asked for begins after the end; `size` are all bytes there are."""

    def __init__(self, message: str, *, size: int | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.size = size


class UnknownPathError(RequestError):
    """Nothing is served at this path."""


class MethodError(RequestError):
    """This path does not take this method; `allowed` are those it takes."""

    def __init__(self, message: str, *, allowed: tuple[str, ...], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.allowed = allowed
