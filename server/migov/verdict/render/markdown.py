"""A verdict as a comment on a pull request or the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migov.verdict.model import Judged, Verdict
from migov.verdict.render import words as say
from migov.verdict.render.text import MOST, printable
from migov.verdict.render.words import SEVERITIES, WORDS, colon

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@!&])")


def as_markdown(verdict: Verdict, language: str = "en") -> str:
    """Return the verdict as GitHub-flavoured Markdown, the outcome first."""
    words = WORDS[language]
    mark = "✅" if verdict.conforms else "❌"
    lines = [f"## {mark} {escaped(say.outcome(verdict, language))}", ""]
    lines += [*_change(verdict, language), ""]
    if verdict.findings.introduced:
        lines += [f"### {words['introduced']} ({len(verdict.findings.introduced)})", ""]
        lines += _findings(verdict.findings.introduced, language)
        lines.append("")
    for name, found in (("fixed", verdict.findings.fixed), ("left", verdict.findings.left)):
        if found:
            title = f"{words[name]} ({len(found)})"
            lines += _folded(title, _more(_findings(found, language, brief=True), language))
    lines += _inference(verdict, language)
    lines += _impact(verdict, language)
    if verdict.notes:
        notes = (f"- {escaped(say.in_language(note.messages, language))}" for note in verdict.notes)
        lines += _folded(f"{words['unchecked']} ({len(verdict.notes)})", notes)
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    r"""Return a text that Markdown shows as it is, on one line.

    >>> escaped("<b>*x*\n@y")
    '\\<b\\>\\*x\\*�\\@y'
    """
    return _SPECIAL.sub(r"\\\1", printable(text))


def code(text: str) -> str:
    """Return a text as code; what would end the code is shown as another character.

    >>> code("a`b")
    '`aˋb`'
    """
    return f"`{printable(text).replace('`', 'ˋ')}`"


def _change(verdict: Verdict, language: str) -> Iterator[str]:
    words, diff = WORDS[language], verdict.diff
    if diff is None:
        yield from (f"- {code(path)}" for path in verdict.touched)
    elif not diff:
        yield words["nothing-said"]
    else:
        for graph in diff.graphs:
            yield f"- {code(graph.path)} +{len(graph.added)} −{len(graph.removed)}"
        for what in ("added", "changed", "renamed", "removed"):
            entities = getattr(diff.entities, what)
            head = say.inflected(language, what, len(entities))
            yield from _more(
                (f"- **{head}** {escaped(say.entity_line(each, language))}" for each in entities),
                language,
            )
    if diff is not None and diff.laid_out:
        yield "- " + escaped(words["laid-out"].format(paths=", ".join(diff.laid_out)))
    if verdict.left_out:
        yield "- " + escaped(words["left-out"].format(paths=", ".join(verdict.left_out)))


def _findings(found: Iterable[Judged], language: str, *, brief: bool = False) -> Iterator[str]:
    words = WORDS[language]
    mark = colon(language)
    for judged in found:
        finding = judged.finding
        place = f"{code(str(finding.place))} " if finding.place else ""
        about = escaped(say.subject(finding, language))
        severity = SEVERITIES[language][finding.severity]
        yield (
            f"- **{severity}** {place}{f'{about} — ' if about else ''}"
            f"{escaped(finding.message(language))} ({code(say.rule(finding))})"
        )
        if brief:
            continue
        if finding.expected:
            text = say.in_language(finding.expected, language)
            yield f"  - {words['expected']}{mark} {escaped(text)}"
        if finding.example:
            yield f"  - {words['example']}{mark} {code(finding.example)}"
        for edit in finding.edits:
            old = f"{code(edit.old)} → " if edit.old else "+ "
            new = code(edit.new.rstrip("\n")) if edit.new else words["delete"]
            yield f"  - {words['edit']}{mark} {old}{new} ({code(str(edit.place))})"
        excuse = say.excuse(judged, language)
        if excuse:
            yield f"  - {escaped(excuse)}"


def _inference(verdict: Verdict, language: str) -> Iterator[str]:
    follows = verdict.inference
    if follows is None or not (follows.gained or follows.lost):
        return
    lines = [
        f"- {mark} {code(say.triple(each))}"
        for mark, triples in (("+", follows.gained), ("−", follows.lost))
        for each in triples
    ]
    head = f"{WORDS[language]['inference']}{colon(language)}"
    title = f"{head} +{len(follows.gained)} −{len(follows.lost)}"
    yield from _folded(title, _more(lines, language, 50))


def _impact(verdict: Verdict, language: str) -> Iterator[str]:
    words, impact = WORDS[language], verdict.impact
    if impact is None or not impact.asked:
        return
    if not impact.changed:
        yield from (words["same-answers"].format(asked=impact.asked), "")
        return
    lines = []
    for query in impact.changed:
        lines.append(f"- {escaped(say.query_line(query, language))}")
        rows = [f"  - + {code(say.row(row))}" for row in query.gained]
        rows += [f"  - − {code(say.row(row))}" for row in query.lost]
        lines += _more(rows, language, 5, indent="  ")
    title = words["other-answers"].format(asked=impact.asked, changed=len(impact.changed))
    yield from _folded(f"{words['impact']}{colon(language)} {title}", lines)


def _more(
    lines: Iterable[str], language: str, most: int = MOST, *, indent: str = ""
) -> Iterator[str]:
    found = list(lines)
    yield from found[:most]
    if len(found) > most:
        yield f"{indent}- {WORDS[language]['more'].format(count=len(found) - most)}"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{escaped(title)}</summary>"
    yield ""
    yield from lines
    yield from ("", "</details>", "")
