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
        rows = {language: rows_of(query.before, language) for language in ("en", "fr")}
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
                    "en": f"an answer, as before the change ({rows['en']})",
                    "fr": f"une réponse, comme avant la modification ({rows['fr']})",
                },
            )
        elif query.before and not query.after:
            yield Finding(
                EMPTY,
                Severity.WARNING,
                {
                    "en": f"The canned query {with_values['en']} had {rows['en']} and "
                    "has none after this change.",
                    "fr": f"La requête enregistrée {with_values['fr']} avait "
                    f"{rows['fr']} et n’en a plus aucune après cette modification.",
                },
                place=place,
                label=dict(query.title),
            )


def rows_of(count: int | None, language: str) -> str:
    """Return a number of rows in words; French has one row where there is none.

    >>> rows_of(1, "en"), rows_of(0, "en"), rows_of(0, "fr")
    ('1 row', '0 rows', '0 ligne')
    """
    is_one = count in ((0, 1) if language == "fr" else (1,))
    word = {"en": "row", "fr": "ligne"}[language]
    return f"{'?' if count is None else count} {word}{'' if is_one else 's'}"


def _with(query: QueryImpact, language: str) -> str:
    if not query.values:
        return f"“{query.slug}”" if language == "en" else f"« {query.slug} »"
    values = ", ".join(f"{name}={value}" for name, value in query.values.items())
    return f"“{query.slug}” ({values})" if language == "en" else f"« {query.slug} » ({values})"
