"""Candidates as a terminal shows them: names from outside never steer it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from migov.lines import printable

if TYPE_CHECKING:
    from migov.linking.score import Candidate
    from migov.targets.portrait import Portrait

_MOST_NAMES = 4


def reasons_of(candidate: Candidate) -> list[str]:
    """Return the features of a score, each with its points and what was compared."""
    return [
        f"{each.name} {each.points:+g}" + (f" ({printable(each.seen)})" if each.seen else "")
        for each in candidate.features
    ]


def portrait_lines(
    portrait: Portrait, languages: Sequence[str | None], label: Callable[[str], str]
) -> Iterator[str]:
    """Yield what a thing is known by, a line for each kind of it; `label` names an IRI."""
    first = portrait.name_in(languages)
    names = dict.fromkeys([first.text, *(name.text for name in portrait.names)])
    more = f" … + {len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
    yield f"    {' · '.join(map(printable, list(names)[:_MOST_NAMES]))}{more}"
    for name, values in portrait.told(label).items():
        yield f"    {name}: {', '.join(map(printable, values))}"
