"""A verdict for people at a terminal. What comes from files is shown, never obeyed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from migov.verdict.model import Judged, Verdict
from migov.verdict.render import words as say
from migov.verdict.render.words import SEVERITIES, WORDS, colon

_KEPT: Final = "\u00a0\u202f\u200c\u200d"
"""Spaces of French typography, and joiners of Arabic."""

MOST = 12
"""Lines of one list; JSON has all of them."""
LONGEST = 2_000
"""Characters of one text; JSON has all of them."""


def as_text(verdict: Verdict, language: str = "en") -> str:
    """Return the verdict in plain lines, the outcome last, where a terminal ends."""
    words = WORDS[language]
    lines = [*_change(verdict, language)]
    for name, found in (
        ("introduced", verdict.findings.introduced),
        ("fixed", verdict.findings.fixed),
        ("left", verdict.findings.left),
    ):
        if found:
            lines += ["", f"{words[name]} ({len(found)})", ""]
            lines += _findings(found if name == "introduced" else found[:MOST], language, name)
            if name != "introduced" and len(found) > MOST:
                lines.append("  " + words["more"].format(count=len(found) - MOST))
    lines += _inference(verdict, language)
    lines += _impact(verdict, language)
    if verdict.notes:
        lines += ["", words["unchecked"], ""]
        lines += _short(f"  {say.in_language(note.messages, language)}" for note in verdict.notes)
    lines += ["", say.outcome(verdict, language)]
    return "".join(f"{printable(line).rstrip()}\n" for line in lines)


def printable(text: str) -> str:
    """Return a text without characters that steer a terminal, and no more of it than people read.

    >>> printable("a\\x1b[31mb")
    'a�[31mb'
    >>> printable("x" * 5_000)[-11:]
    'xx… [+3000]'
    """
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… [+{len(text) - LONGEST}]"
    return "".join(char if char.isprintable() or char in _KEPT else "�" for char in text)


def _short(lines: Iterable[str], language: str = "en") -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST]
    if len(found) > MOST:
        yield "  " + WORDS[language]["more"].format(count=len(found) - MOST)


def _change(verdict: Verdict, language: str) -> Iterator[str]:
    words, diff = WORDS[language], verdict.diff
    yield words["change"]
    yield ""
    if diff is None:
        yield from (f"  {path}" for path in verdict.touched)
    else:
        if not diff:
            yield f"  {words['nothing-said']}"
        for graph in diff.graphs:
            yield f"  {graph.path}  +{len(graph.added)} −{len(graph.removed)}"
        for what in ("added", "changed", "renamed", "removed"):
            entities = getattr(diff.entities, what)
            head = say.inflected(language, what, len(entities))
            yield from _short(
                (f"  {head} {say.entity_line(each, language)}" for each in entities), language
            )
        if diff.laid_out:
            yield "  " + words["laid-out"].format(paths=", ".join(diff.laid_out))
    if verdict.left_out:
        yield "  " + words["left-out"].format(paths=", ".join(verdict.left_out))


def _findings(found: Iterable[Judged], language: str, standing: str) -> Iterator[str]:
    for judged in found:
        finding = judged.finding
        place = f"{finding.place}  " if finding.place else ""
        yield f"{place}{SEVERITIES[language][finding.severity]}  {say.rule(finding)}"
        about = say.subject(finding, language)
        if about:
            yield f"    {about}"
        yield f"    {finding.message(language)}"
        if standing == "introduced":
            yield from _help(judged, language)
            yield ""


def _help(judged: Judged, language: str) -> Iterator[str]:
    words, finding = WORDS[language], judged.finding
    mark = colon(language)
    if finding.expected:
        yield f"    {words['expected']}{mark} {say.in_language(finding.expected, language)}"
    if finding.example:
        yield f"    {words['example']}{mark} {finding.example}"
    for edit in finding.edits:
        new = edit.new.rstrip("\n") or words["delete"]
        change = f"{edit.old} → {new}" if edit.old else f"+ {new}"
        yield f"    {words['edit']}{mark} {change}  ({edit.place})"
    excuse = say.excuse(judged, language)
    if excuse:
        yield f"    {excuse}"


def _inference(verdict: Verdict, language: str) -> Iterator[str]:
    words, follows = WORDS[language], verdict.inference
    if follows is None:
        return
    yield from ("", words["inference"], "")
    if not follows.gained and not follows.lost:
        yield f"  {words['same-inference']}"
    for mark, triples in (("+", follows.gained), ("−", follows.lost)):
        yield from _short((f"  {mark} {say.triple(each)}" for each in triples), language)


def _impact(verdict: Verdict, language: str) -> Iterator[str]:
    words, impact = WORDS[language], verdict.impact
    if impact is None or not impact.asked:
        return
    yield from ("", words["impact"], "")
    if not impact.changed:
        yield "  " + words["same-answers"].format(asked=impact.asked)
        return
    yield "  " + words["other-answers"].format(asked=impact.asked, changed=len(impact.changed))
    yield from (f"  {say.query_line(query, language)}" for query in impact.changed)
