r"""Lines of a text as editors, git and the locators of sources count them.

`str.splitlines` also breaks at form feeds, U+0085 and U+2028, which stand inside lines here.
"""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text without their ends; a line ends at \n or \r\n and nothing else.

    >>> lines_of("one\r\ntwo\u2028still two\n\nfour\n")
    ['one', 'two\u2028still two', '', 'four']
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def printable(text: str) -> str:
    """Return a text in which every character can be shown: none steers a terminal or breaks a line.

    >>> printable("a\\x1b[2Jb\\nc")
    'a�[2Jb�c'
    """
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
