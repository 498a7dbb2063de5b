"""What a server writes to its log: one line an event, as text or as JSON.

A request is one line at the level INFO, without its query: neither the address's parameters nor
the body are in it, for they can hold what somebody wants to know. At DEBUG the query is there.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from migov.operating.requests import Finished

REQUESTS: Final = logging.getLogger("migov.requests")
_LOG: Final = logging.getLogger(__name__)
_OWN: Final = "migov"
_WORD: Final = re.compile(r"[!#-<>-~]+")
"""Printable ASCII without spaces, quotation marks and equals signs."""
LEVELS: Final = ("debug", "info", "warning", "error")
FORMS: Final = ("text", "json")


class TextForm(logging.Formatter):
    """Lines for people: time, level, message, then name=value."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={_plain(value)}" for name, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname.lower():7} {_line(record.getMessage())}"
        line = f"{line} {fields}" if fields else line
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonForm(logging.Formatter):
    """One JSON object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        found = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str)


@contextlib.contextmanager
def written(form: str, level: str, stream: TextIO | None = None) -> Iterator[None]:
    """Write what this software and its server notice, in one form, to standard error."""
    output = logging.StreamHandler(stream or sys.stderr)
    output.setFormatter(JsonForm() if form == "json" else TextForm())
    loggers = [logging.getLogger(name) for name in (_OWN, "uvicorn.error", "asyncio")]
    before = [(log.level, log.propagate) for log in loggers]
    for log in loggers:
        log.addHandler(output)
        log.setLevel(level.upper() if log.name == _OWN else logging.WARNING)
        log.propagate = False
    hooks = sys.unraisablehook, threading.excepthook
    sys.unraisablehook, threading.excepthook = _unraisable, _uncaught
    try:
        yield
    finally:
        sys.unraisablehook, threading.excepthook = hooks
        for log, (was, propagates) in zip(loggers, before, strict=True):
            log.removeHandler(output)
            log.setLevel(was)
            log.propagate = propagates


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """Write what an object could not do at its end; Python would put it between the lines."""
    what = found.exc_value or found.exc_type.__name__
    _LOG.warning("ignored at the end of an object: %s", what)


def _uncaught(found: threading.ExceptHookArgs) -> None:
    """Write what ended a thread."""
    if found.exc_value is not None and found.exc_type is not SystemExit:
        name = found.thread.name if found.thread else "-"
        _LOG.error("the thread %s ended with an error", name, exc_info=found.exc_value)


def request_line(finished: Finished) -> None:
    """Write that a request is over; what went wrong here is worth a warning.

    A reply that was there already takes less time than its line: it is counted, and written at
    DEBUG alone.
    """
    level = logging.DEBUG if finished.is_kept else logging.INFO
    level = logging.WARNING if finished.status >= 500 else level
    if not REQUESTS.isEnabledFor(level):
        return
    # Made by hand: the usual way looks for the calling line, which takes longer than all the rest.
    record = logging.LogRecord(REQUESTS.name, level, "", 0, "request", (), None)
    record.fields = {
        "id": finished.id,
        "method": finished.method,
        "route": finished.route,
        "status": finished.status,
        "ms": round(finished.seconds * 1000, 1),
        "bytes": finished.size,
        "kept": finished.is_kept,
        "client": finished.client,
    }
    REQUESTS.handle(record)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "fields", {})
    return found


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> str:
    """Return a value as one word; anything else in quotation marks, on one line."""
    text = "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if _WORD.fullmatch(text) else json.dumps(text)


def _line(text: str) -> str:
    """Return a text on one line: what was asked for must not begin a line of the log."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
