"""CSV that spreadsheets open as it is meant: as UTF-8, and without a cell that is a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

SUFFIX: Final = "sheet"

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def sheet(content: bytes) -> bytes:
    """Return CSV with a byte order mark, and an apostrophe before what would be calculated.

    Excel takes a file without the mark for the code page of its machine.

    >>> sheet(b"label,years\\r\\n=1+1,-3\\r\\n").decode("utf-8-sig").splitlines()
    ['label,years', "'=1+1,-3"]
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        writer.writerow([_inert(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
