"""What the terminal can show, and what is shown while something takes long."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PATIENCE: Final = 1.0
_PLAIN_WIDTH: Final = 100


def console(*, stderr: bool = False) -> Console:
    """Return a console that has colours only on a terminal, and keeps to its width."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None
    if not stream.isatty():
        given = os.environ.get("COLUMNS", "")
        width = int(given) if given.isdecimal() and int(given) > 20 else _PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)


def print_trimmed(thing: RenderableType, out: Console) -> None:
    """Print without the spaces that a table leaves at the ends of lines."""
    with out.capture() as captured:
        out.print(thing)
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


class Progress:
    """A line on standard error that says what is being done."""

    def __init__(self) -> None:
        self._shown = threading.Event()
        self._text = ""
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Change what the line says."""
        with self._lock:
            self._text = text
            if self._shown.is_set():
                self._write()

    def _show(self) -> None:
        with self._lock:
            self._shown.set()
            self._write()

    def _clear(self) -> None:
        with self._lock:
            if self._shown.is_set():
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            self._shown.clear()

    def _write(self) -> None:
        sys.stderr.write(f"\r\x1b[K{self._text} …")
        sys.stderr.flush()


@contextmanager
def progress(text: str) -> Iterator[Progress]:
    """Say what is being done, once it has taken a second, and only on a terminal."""
    line = Progress()
    line.say(text)
    timer = threading.Timer(_PATIENCE, line._show)
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield line
    finally:
        timer.cancel()
        line._clear()
