"""A unified git patch, applied exactly where it says or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from migov.change.model import Change, Files, is_content
from migov.change.read.checked import checked
from migov.change.read.proposal import LONGEST, Proposal
from migov.dataset import ContentFile
from migov.errors import ConflictError, DataSyntaxError, RefusedError, TooComplexError

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-7]{3})')
_ESCAPED = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))
_END_OF_LINE = b"\\ No newline at end of file"


@dataclass(slots=True)
class _Hunk:
    line: int
    old_start: int
    old: list[bytes] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class _FilePatch:
    line: int
    old: str | None = None
    new: str | None = None
    hunks: list[_Hunk] = field(default_factory=list)


def patch_change(before: Files, content: bytes, *, name: str = "patch") -> Change:
    """Read the output of `git diff` or `git format-patch`; raises RequestError with its line.

    Context has to be on the very lines that the patch names. Files that are not the dataset's are
    named in `left_out`.
    """
    if len(content) > LONGEST:
        raise TooComplexError(f"{name} is longer than {LONGEST:,} bytes.", hint="Split it.")
    reader = _Reader(name, content)
    after = dict(before)
    left_out = []
    for patch in reader.patches():
        ours = [path for path in (patch.old, patch.new) if path and is_content(path)]
        left_out += [path for path in (patch.old, patch.new) if path and not is_content(path)]
        if ours:
            _apply(reader, patch, before, after)
    return Change(before, checked(after, before), name, tuple(dict.fromkeys(left_out)))


def _apply(
    reader: _Reader, patch: _FilePatch, before: Files, after: dict[str, ContentFile]
) -> None:
    if patch.old is not None and not is_content(patch.old):
        raise reader.refused(f"it moves {patch.old} into the dataset", patch.line)
    if patch.old is not None and patch.old not in before:
        raise reader.unfit(f"there is no file {patch.old}", patch.line)
    if patch.new is not None and patch.new != patch.old and patch.new in after:
        raise reader.unfit(f"{patch.new} is there already", patch.line)
    content = b"" if patch.old is None else before[patch.old].content
    lines = content.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    result: list[bytes] = []
    at = 0
    for hunk in patch.hunks:
        start = hunk.old_start - (1 if hunk.old else 0)
        if start < at or lines[start : start + len(hunk.old)] != hunk.old:
            raise reader.unfit(
                f"it does not fit {patch.old or patch.new} at line {hunk.old_start}", hunk.line
            )
        result += lines[at:start] + hunk.new
        at = start + len(hunk.old)
    result += lines[at:]
    if patch.old is not None:
        after.pop(patch.old, None)
    if patch.new is not None:
        if not is_content(patch.new):
            raise reader.refused(f"it moves {patch.old} out of the dataset", patch.line)
        after[patch.new] = ContentFile(patch.new, b"".join(result))
    elif result:
        raise reader.refused(f"it deletes {patch.old} and leaves lines of it", patch.line)


class _Reader:
    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        self._lines = content.split(b"\n")
        self._at = 0

    def wrong(self, reason: str, line: int) -> DataSyntaxError:
        proposal = self._proposal()
        return proposal.wrong("as a git patch", reason, proposal.place(line, 1))

    def refused(self, reason: str, line: int) -> RefusedError:
        return RefusedError(
            f"{self._name} cannot be applied: {reason}.",
            place=self._proposal().place(line, 1),
            hint="Make the patch again from the files as they are now.",
        )

    def unfit(self, reason: str, line: int) -> ConflictError:
        refused = self.refused(reason, line)
        return ConflictError(refused.message, place=refused.place, hint=refused.hint)

    def _proposal(self) -> Proposal:
        return Proposal(self._name, b"\n".join(self._lines).decode("utf-8", "replace"))

    def patches(self) -> list[_FilePatch]:
        found: list[_FilePatch] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith(b"diff --git "):
                found.append(self._file())
            elif line.startswith((b"@@ ", b"--- a/", b"+++ b/")):
                raise self.wrong(
                    "this belongs to no file: a line diff --git is missing", self._at + 1
                )
            else:  # the letter around a patch
                self._at += 1
        if not found and any(line.strip() for line in self._lines):
            raise self.wrong("no line begins with diff --git", 1)
        return found

    def _file(self) -> _FilePatch:
        patch = _FilePatch(self._at + 1)
        header = self._lines[self._at][len(b"diff --git ") :]
        patch.old, patch.new = self._names(header, patch.line)
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith((b"GIT binary patch", b"Binary files ")):
                raise self.wrong("it is binary", self._at + 1)
            if line.startswith((b"new file mode ", b"copy from ")):
                patch.old = None
            elif line.startswith(b"deleted file mode "):
                patch.new = None
            elif line.startswith(b"rename from "):
                patch.old = self._name_of(line[12:])
            elif line.startswith(b"rename to "):
                patch.new = self._name_of(line[10:])
            if line.startswith(b"copy from "):
                raise self.wrong("it copies a file", self._at + 1)
            if line.startswith(b"--- "):
                self._agree(line[4:], b"a/", patch.old)
            elif line.startswith(b"+++ "):
                self._agree(line[4:], b"b/", patch.new)
            elif line.startswith(b"@@ "):
                patch.hunks.append(self._hunk())
                continue
            elif line.startswith(b"diff --git ") or patch.hunks:
                break
            self._at += 1
        return patch

    def _agree(self, name: bytes, prefix: bytes, path: str | None) -> None:
        name = name.removesuffix(b"\t")
        expected = "/dev/null" if path is None else path
        given = self._name_of(name)
        if path is not None:
            given = given.removeprefix(prefix.decode())
        if given != expected:
            raise self.wrong(f"it is about {expected}, and this names {given}", self._at + 1)

    def _names(self, header: bytes, line: int) -> tuple[str, str]:
        """Split `a/x b/x`: a name may have spaces, but both are the same or a rename follows."""
        if header.startswith(b'"') or header.endswith(b'"'):
            parts = re.findall(rb'"(?:[^"\\]|\\.)*"|\S+', header)
            if len(parts) == 2:
                names = [self._name_of(part) for part in parts]
                return names[0].removeprefix("a/"), names[1].removeprefix("b/")
        middle = len(header) // 2
        one, other = header[:middle], header[middle + 1 :]
        if header[middle : middle + 1] == b" " and one[2:] == other[2:]:
            return self._name_of(one[2:]), self._name_of(other[2:])
        parts = header.split(b" b/")
        if len(parts) != 2 or not parts[0].startswith(b"a/"):
            raise self.wrong("its file names are unclear", line)
        return self._name_of(parts[0][2:]), self._name_of(parts[1])

    def _name_of(self, name: bytes) -> str:
        if len(name) > 1 and name.startswith(b'"') and name.endswith(b'"'):
            name = _ESCAPE.sub(_unescaped, name[1:-1])
        return name.decode("utf-8", "surrogateescape")

    def _hunk(self) -> _Hunk:
        found = _HUNK.match(self._lines[self._at])
        if found is None or any(part and len(part) > 9 for part in found.groups()):
            raise self.wrong("this is no line of a hunk", self._at + 1)
        hunk = _Hunk(self._at + 1, int(found[1]))
        old, new = (int(found[at]) if found[at] is not None else 1 for at in (2, 4))
        self._at += 1
        while len(hunk.old) < old or len(hunk.new) < new:
            if self._at >= len(self._lines):
                raise self.wrong("it ends inside a hunk", len(self._lines))
            line = self._lines[self._at]
            kind, text = line[:1], line[1:] + b"\n"
            if kind not in (b" ", b"+", b"-") and line:
                raise self.wrong("a line of a hunk begins with a space, + or -", self._at + 1)
            if kind != b"+":
                hunk.old.append(text if line else b"\n")
            if kind != b"-":
                hunk.new.append(text if line else b"\n")
            self._at += 1
            if self._at < len(self._lines) and self._lines[self._at] == _END_OF_LINE:
                for side in (
                    [hunk.old]
                    if kind == b"-"
                    else [hunk.new]
                    if kind == b"+"
                    else [hunk.old, hunk.new]
                ):
                    side[-1] = side[-1].removesuffix(b"\n")
                self._at += 1
        if len(hunk.old) > old or len(hunk.new) > new:
            raise self.wrong("a hunk has more lines than it says", self._at)
        return hunk


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else bytes([_ESCAPED[code[0]]])
