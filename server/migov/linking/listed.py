"""Candidates as JSON: what `migov link suggest` writes, and a page to review them reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import NamedNode

from migov.dataset.mappings import MappingSet
from migov.errors import ParameterError
from migov.linking.decisions import Choice, Decision, Register, line_of
from migov.linking.ours import Ours
from migov.linking.suggest import Suggestion
from migov.targets import Target
from migov.vocabulary import BASE

MOST: Final = 500
"""Candidates that one list may have."""
_MOST_REASONS: Final = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """One candidate as somebody listed it; every text in it is from outside.

    `about` is what the thing is known by, by kind; `features` are those of the score with their
    points, each with what was compared, and `rivals` what is nearly as likely. `snapshot` names the
    target with its version.
    """

    subject: str
    object: str
    name: str
    register: Register
    snapshot: str
    score: float | None = None
    is_certain: bool = False
    features: tuple[tuple[str, str], ...] = ()
    rivals: tuple[str, ...] = ()
    about: Mapping[str, tuple[str, ...]] | None = None

    @property
    def reasons(self) -> list[str]:
        """The features of the score, each with what was compared."""
        return [f"{name} ({seen})" if seen else name for name, seen in self.features]

    @property
    def _features(self) -> str:
        return ", ".join(name for name, _ in self.features)

    def decision(self, known: Ours, choice: Choice, reason: str) -> Decision:
        """Return the decision on this candidate; raises ParameterError without a reason."""
        score = "" if self.score is None else f", score {self.score:g}: {self._features}"
        return Decision(
            self.subject,
            self.object,
            choice,
            line_of(reason, "reason"),
            known.label(self.subject, "en")[0] if self.subject in known.labels else "",
            self.name,
            f"{self.snapshot}{score}",
        )


def document(suggestions: Iterable[Suggestion], target: Target) -> list[dict[str, Any]]:
    """Return candidates as JSON; `read_listed` reads it."""
    fields = ("name", "version", "scheme", "namespace")
    about_target = {name: getattr(target, name) for name in fields}
    return [
        {
            "subject": each.ours.iri,
            "object": each.candidate.portrait.iri,
            "name": each.candidate.portrait.names[0].text,
            "rank": each.rank,
            "score": each.candidate.score,
            "certain": each.candidate.is_certain,
            "rivals": list(each.candidate.rivals),
            "features": [
                {"name": feature.name, "points": feature.points, "seen": feature.seen}
                for feature in each.candidate.features
            ],
            "about": {
                "name": [name.text for name in each.candidate.portrait.names],
                **each.candidate.portrait.told(str),
            },
            "target": about_target,
        }
        for each in suggestions
    ]


def read_listed(text: str) -> list[Listed]:
    """Return the candidates of a list; raises ParameterError naming the one that does not fit."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise ParameterError(
            f"The list of candidates is not JSON: {error.msg} in line {error.lineno}.",
            hint="Give what migov link suggest --format json writes.",
        ) from error
    except RecursionError as error:
        raise ParameterError("The list of candidates nests too deeply.") from error
    if not isinstance(given, list):
        raise ParameterError("The list of candidates is JSON, and no list.")
    if not given:
        raise ParameterError("The list has no candidates: everything is decided.")
    if len(given) > MOST:
        raise ParameterError(
            f"The list has {len(given):,} candidates; it may have {MOST}.",
            hint="migov link suggest --least 80, or --kind, makes a shorter one.",
        )
    return [_listed(each, number) for number, each in enumerate(given, 1)]


def open_rows(sets: Iterable[MappingSet]) -> list[Listed]:
    """Return the questions that mapping sets leave open, as candidates."""
    return [
        Listed(
            row.subject,
            row.object,
            row.object_label or row.object,
            Register(each.namespace_of(row.object), "", str(each.header.get("mapping_set_title"))),
            row.evidence,
        )
        for each in sets
        for row in each.mappings
        if row.is_open
    ]


def _listed(given: object, number: int) -> Listed:
    try:
        return _read(given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParameterError(
            f"Candidate {number} of the list does not fit: {type(error).__name__} {error}.",
            hint="It needs subject, object, name and target (name, version, scheme, namespace).",
        ) from error


def _read(given: Any) -> Listed:
    target = given["target"]
    name, version, scheme, namespace = (
        _text(target[key]) for key in ("name", "version", "scheme", "namespace")
    )
    object_ = _iri(given["object"])
    if not namespace or not object_.startswith(namespace) or namespace.startswith(BASE):
        raise ValueError(f"object does not begin with the namespace {namespace!r}")
    score = given.get("score")
    about = given.get("about") or {}
    return Listed(
        _iri(given["subject"]),
        object_,
        _text(given["name"]),
        Register(namespace, scheme, name),
        f"{name} {version}",
        None if score is None else float(score),
        given.get("certain") is True,
        tuple(_features(given.get("features") or ())),
        tuple(_text(each) for each in list(given.get("rivals") or ())[:_MOST_REASONS]),
        {_text(kind): tuple(_text(each) for each in values) for kind, values in about.items()},
    )


def _features(given: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for each in list(given)[:_MOST_REASONS]:
        yield f"{_text(each['name'])} {float(each['points']):+g}", _text(each.get("seen", ""))


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is no text")
    return given


def _iri(given: Any) -> str:
    iri = _text(given)
    if not iri.startswith(("http://", "https://")):
        raise ValueError(f"{iri!r} is no IRI of the web")
    return NamedNode(iri).value
