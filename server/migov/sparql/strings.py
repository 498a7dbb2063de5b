"""What a string of SPARQL says."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_SAID: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def string_of(written: str) -> str:
    r"""Return what a string token stands for, with its quotation marks and escapes undone.

    >>> string_of("'''it''s'''"), string_of('"a\\tb\\"c"'), string_of("''")
    ("it''s", 'a\tb"c', '')
    """
    marks = 3 if len(written) >= 6 and written[:3] in ('"""', "'''") else 1
    return _ESCAPE.sub(lambda found: _SAID.get(found[1], found[1]), written[marks:-marks])
