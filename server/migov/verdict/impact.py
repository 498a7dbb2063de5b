"""What becomes of the canned queries, and which of it somebody should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from migov.errors import Place
from migov.gate.report import Finding, Severity
from migov.verdict.answers import Answered, Question
from migov.verdict.model import Impact, QueryImpact

EMPTY: Final = "migov:query-empty"
FAILS: Final = "migov:query-fails"


def impact(
    known: int,
    asked: Sequence[Question],
    before: Mapping[str, Answered],
    after: Mapping[str, Answered],
) -> Impact:
    """Return which answers change, in the order of the questions.

    Of `known` questions those were asked again that may have another answer.
    """
    changed = []
    for question in asked:
        was, now = before[question.key], after[question.key]
        if was == now:
            continue
        old, new = Counter(was.rows), Counter(now.rows)
        changed.append(
            QueryImpact(
                slug=question.query.slug,
                title=dict(question.query.title),
                values=dict(question.values),
                before=None if was.failure else len(was.rows),
                after=None if now.failure else len(now.rows),
                gained=tuple(sorted((new - old).elements())),
                lost=tuple(sorted((old - new).elements())),
                columns=now.columns or was.columns,
                failure=now.failure,
            )
        )
    return Impact(known, tuple(changed))


def findings(changes: Impact) -> Iterator[Finding]:
    """Yield a finding for each query that fails now, or has no row left."""
    for query in changes.changed:
        if query.before is None:
            continue
        with_values = {language: _with(query, language) for language in ("en", "fr")}
        place = Place(f"queries/{query.slug}.rq", 1, 1)
        if query.after is None:
            yield Finding(
                FAILS,
                Severity.VIOLATION,
                {
                    "en": f"The canned query {with_values['en']} can no longer be asked: "
                    f"{query.failure}",
                    "fr": f"La requête enregistrée {with_values['fr']} ne peut plus être posée : "
                    f"{query.failure}",
                },
                place=place,
                label=dict(query.title),
                expected={
                    "en": f"an answer, as before the change ({query.before} rows)",
                    "fr": f"une réponse, comme avant la modification ({query.before} lignes)",
                },
            )
        elif query.before and not query.after:
            yield Finding(
                EMPTY,
                Severity.WARNING,
                {
                    "en": f"The canned query {with_values['en']} had {query.before} rows and has "
                    "none after this change.",
                    "fr": f"La requête enregistrée {with_values['fr']} avait {query.before} lignes "
                    "et n’en a plus aucune après cette modification.",
                },
                place=place,
                label=dict(query.title),
            )


def _with(query: QueryImpact, language: str) -> str:
    if not query.values:
        return f"“{query.slug}”" if language == "en" else f"« {query.slug} »"
    values = ", ".join(f"{name}={value}" for name, value in query.values.items())
    return f"“{query.slug}” ({values})" if language == "en" else f"« {query.slug} » ({values})"
