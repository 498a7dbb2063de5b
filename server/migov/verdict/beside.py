"""Work in a fork of this process: beside it, or where it may crash or run too long.

A fork has everything that was loaded, so nothing is sent to it, and whatever it does to a store or
an index is gone with it. Only a process with one thread should fork.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, Final, Generic, NoReturn, TypeVar, cast

from migov.errors import DeadlineError, EnvironmentProblem, MigovError, ResourceError

_Asked = TypeVar("_Asked")
_Found = TypeVar("_Found")
_LENGTH: Final = struct.Struct("!Q")


class Beside(Generic[_Found]):
    """A value that a fork works out while this process goes on."""

    def __init__(self, work: Callable[[], _Found]) -> None:
        # No pipe: nobody reads it yet.
        self._written: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - until `result`
        self._process = _forked(lambda: _write(self._written, _outcome(work)))

    def result(self) -> _Found:
        """Wait for the value, or raise what the work raised; ResourceError where it crashed."""
        with self._written:
            os.waitpid(self._process, 0)
            self._written.seek(0)
            content = self._written.read()
        if not content:
            raise ResourceError(
                "A process that works out a part of the verdict ended before it was done.",
                hint="Is there memory for it? Propose the change in smaller parts.",
            )
        return cast(_Found, _value(content))


def each_in_fork(
    work: Callable[[_Asked], _Found], asked: Sequence[_Asked], seconds: float
) -> Iterator[tuple[_Asked, _Found | MigovError]]:
    """Yield what is worked out for each of many, in order, by one fork and as many as it needs.

    Whatever takes longer than `seconds` or crashes is given up with a DeadlineError or a
    ResourceError, and another fork goes on with those after it.
    """
    at = 0
    while at < len(asked):
        answers, into = os.pipe()
        rest = asked[at:]
        process = _forked(lambda to=into, of=rest: _work(to, work, of))  # type: ignore[misc]
        os.close(into)
        try:
            for one in rest:
                content = _message(answers, time.monotonic() + seconds)
                at += 1
                if isinstance(content, MigovError):
                    yield one, content
                    break
                yield one, cast(_Found, _value(content))
        finally:
            os.close(answers)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _forked(work: Callable[[], object]) -> int:
    try:
        process = os.fork()
    except OSError as error:
        raise EnvironmentProblem(
            f"A process for a part of the verdict could not start: {error.strerror}.",
            hint="Is there memory, and may this user have more processes?",
        ) from error
    if process == 0:
        _leave_after(work)
    return process


def _leave_after(work: Callable[[], object]) -> NoReturn:
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)  # no exit handler of the process that was forked may run twice


def _work(into: int, work: Callable[[_Asked], _Found], asked: Iterable[_Asked]) -> None:
    with os.fdopen(into, "wb") as out:
        for one in asked:
            content = _outcome(lambda of=one: work(of))  # type: ignore[misc]
            _write(out, _LENGTH.pack(len(content)) + content)


def _write(out: IO[bytes], content: bytes) -> None:
    out.write(content)
    out.flush()


def _outcome(work: Callable[[], object]) -> bytes:
    try:
        return pickle.dumps((True, work()))
    except MigovError as error:
        return pickle.dumps((False, (type(error), error.message, error.place, error.hint)))


def _value(content: bytes) -> Any:
    """Return what a fork of this process wrote, or raise the error that it met."""
    is_value, found = pickle.loads(content)
    if is_value:
        return found
    kind, message, place, hint = found
    raise kind(message, place=place, hint=hint)


def _message(descriptor: int, until: float) -> bytes | MigovError:
    head = _read(descriptor, _LENGTH.size, until)
    if isinstance(head, MigovError):
        return head
    (length,) = _LENGTH.unpack(head)
    return _read(descriptor, length, until)


def _read(descriptor: int, size: int, until: float) -> bytes | MigovError:
    parts: list[bytes] = []
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while size:
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return DeadlineError("The time for this query ran out.")
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return ResourceError("The query used more memory than one query may.")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
