"""Decisions about pairs, and the mapping set that they leave."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from migov.change.model import Change, Files
from migov.dataset import ContentFile
from migov.dataset.mappings import UNSURE, Link, MappingSet, written_mappings
from migov.errors import ParameterError
from migov.lines import printable
from migov.linking.decided import sets_among
from migov.linking.score import Candidate
from migov.vocabulary import BASE, CONCEPT, GRAPH, PREFIXES, STANDARD_PREFIXES

Choice = Literal["accept", "reject", "unsure"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
_LONGEST: Final = 2_000
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SAME: Final = STANDARD_PREFIXES["schema"] + "sameAs"
_EXACT: Final = STANDARD_PREFIXES["skos"] + "exactMatch"
_SEMAPV: Final = "https://w3id.org/semapv/vocab/"
_CURATED: Final = _SEMAPV + "ManualMappingCuration"
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided of one of ours and one of theirs, by IRI, and why.

    `seen` says what it was decided on: the snapshot, the score and its features.
    """

    subject: str
    object: str
    choice: Choice
    reason: str
    subject_label: str = ""
    object_label: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """What IRIs of a target begin with, the slug of its identifiers, and its name."""

    namespace: str
    scheme: str
    name: str


def line_of(text: str, what: str) -> str:
    """Return a text as one line without space around it, as a cell of a table takes it.

    Raises ParameterError for one that is empty, too long, or would steer a terminal.

    >>> line_of(" the same  number\\n", "reason")
    'the same number'
    """
    line = " ".join(text.split())
    if not line:
        raise ParameterError(f"There is no {what}.", hint="Say in a few words why it is so.")
    if len(line) > _LONGEST or not line.isprintable():
        raise ParameterError(
            f"The {what} does not fit a row: it is too long, or has control characters.",
            hint=f"Use up to {_LONGEST:,} printable characters.",
        )
    return line


def seen_of(candidate: Candidate, snapshot: str) -> str:
    """Return what a reviewer saw of a candidate, in one line.

    `snapshot` is the name and version of the target.
    """
    features = ", ".join(f"{each.name} {each.points:+g}" for each in candidate.features)
    return f"{snapshot}, score {candidate.score:g}: {features}"


def set_of(sets: Iterable[MappingSet], register: Register) -> MappingSet:
    """Return the set that has the links to a register, or an empty new one.

    Raises ParameterError where the register's slug cannot name a file.
    """
    for each in sets:
        if register.namespace in each.prefixes.values():
            return each
    slug = register.scheme.lower()
    if not _SLUG.fullmatch(slug) or slug in PREFIXES or slug == "semapv":
        raise ParameterError(
            f"“{register.scheme}” cannot name a mapping set.",
            hint="The scheme of a target is lower-case words and hyphens, such as iati-org.",
        )
    path = f"data/mappings/{slug}.sssom.tsv"
    prefixes = {
        "schema": STANDARD_PREFIXES["schema"],
        "semapv": _SEMAPV,
        slug: register.namespace,
    }
    header: dict[str, Any] = {
        "curie_map": prefixes,
        "license": _LICENCE,
        "mapping_set_id": GRAPH + path,
        "mapping_set_title": f"Links to {line_of(register.name, 'name of the target')}",
    }
    return MappingSet(path, header, prefixes)


def proposal(
    before: Files, made: Sequence[tuple[Register, Decision]], reviewer: str, day: str
) -> Change:
    """Return the change that decisions make of the mapping sets among files.

    Raises ContentSyntaxError for a broken set, and ParameterError as `set_of` and `decided` do.
    """
    sets = {each.path: each for each in sets_among(before.values())}
    by_set: dict[str, list[Decision]] = defaultdict(list)
    for register, decision in made:
        found = set_of(sets.values(), register)
        sets[found.path] = found
        by_set[found.path].append(decision)
    after = dict(before)
    for path, decisions in by_set.items():
        written = written_mappings(decided(sets[path], decisions, reviewer, day))
        after[path] = ContentFile(path, written)
    return Change(before, after, "review")


def decided(
    given: MappingSet, decisions: Sequence[Decision], reviewer: str, day: str
) -> MappingSet:
    """Return a set with decisions in it: a later one takes the place of a row about its pair.

    `reviewer` is how the one who decided is named, `day` a date such as 2026-11-22. The author of
    a row that stood there stays its author. Raises ParameterError for an IRI that the set cannot
    write.
    """
    rows = {(each.subject, each.object): each for each in given.mappings}
    for each in decisions:
        rows[each.subject, each.object] = _row(
            each, rows.get((each.subject, each.object)), line_of(reviewer, "name"), day
        )
    prefixes = _prefixes(given.prefixes, rows.values())
    return replace(
        given,
        header={**given.header, "curie_map": prefixes},
        prefixes=prefixes,
        mappings=tuple(rows.values()),
    )


def _row(each: Decision, earlier: Link | None, reviewer: str, day: str) -> Link:
    evidence, seen = line_of(each.reason, "reason"), _cell(each.seen)
    return Link(
        each.subject,
        _EXACT if each.subject.startswith(CONCEPT) else _SAME,
        each.object,
        _CURATED,
        subject_label=_cell(each.subject_label),
        object_label=_cell(each.object_label),
        confidence=UNSURE if each.choice == "unsure" else 1.0,
        author=earlier.author if earlier and earlier.author else reviewer,
        reviewer=reviewer,
        date=day,
        evidence=f"{evidence} ({seen})" if seen else evidence,
        is_negative=each.choice == "reject",
    )


def _cell(text: str) -> str:
    """Return what a snapshot says as a cell of a table takes it."""
    return " ".join(printable(text[:_LONGEST]).split())


def _prefixes(known: Mapping[str, str], rows: Iterable[Link]) -> dict[str, str]:
    """Return the prefixes of a set with those that its rows need besides."""
    prefixes = dict(known)
    for each in rows:
        for iri in (each.subject, each.predicate, each.object):
            if any(_fits(iri, namespace) for namespace in prefixes.values()):
                continue
            name, namespace = _prefix_of(iri)
            prefixes[name] = namespace
    return prefixes


def _fits(iri: str, namespace: str) -> bool:
    local = iri.removeprefix(namespace)
    return iri.startswith(namespace) and bool(local) and not local.startswith("//")


def _prefix_of(iri: str) -> tuple[str, str]:
    if iri.startswith(CONCEPT):
        scheme = iri.removeprefix(CONCEPT).partition("/")[0]
        return scheme, f"{CONCEPT}{scheme}/"
    for name, namespace in PREFIXES.items():
        if namespace != BASE and _fits(iri, namespace):
            return name, namespace
    raise ParameterError(
        f"<{iri}> does not begin as the identifiers of this set do.",
        hint="Is the namespace in the manifest what its IRIs begin with?",
    )
