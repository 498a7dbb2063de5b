"""A change as a unified git patch."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator

from migov.change.model import Change
from migov.dataset import ContentFile

_QUOTED = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n"}


def patch(change: Change) -> str:
    """Return a patch that `git apply` and `patch_change` make the same files of.

    Bytes that are not UTF-8 cannot stand in it, and are refused before they are part of a change.
    """
    return "".join(
        part
        for path in change.touched
        for part in _file(path, change.before.get(path), change.after.get(path))
    )


def _file(path: str, before: ContentFile | None, after: ContentFile | None) -> Iterator[str]:
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    yield f"diff --git {old} {new}\n"
    if before is None:
        yield "new file mode 100644\n"
    if after is None:
        yield "deleted file mode 100644\n"
    ids = f"{_blob_id(before)}..{_blob_id(after)}"
    yield f"index {ids} 100644\n" if before and after else f"index {ids}\n"
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        "/dev/null" if before is None else old,
        "/dev/null" if after is None else new,
    )
    for line in lines:
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _lines(file: ContentFile | None) -> list[str]:
    """Return the lines as git counts them: a line feed alone ends one."""
    text = "" if file is None else file.content.decode("utf-8", "replace")
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _blob_id(file: ContentFile | None) -> str:
    if file is None:
        return "0" * 40
    head = f"blob {len(file.content)}\0".encode()
    return hashlib.sha1(head + file.content, usedforsecurity=False).hexdigest()


def _quoted(name: str) -> str:
    if all(character not in _QUOTED for character in name):
        return name
    return '"' + "".join(_QUOTED.get(character, character) for character in name) + '"'
