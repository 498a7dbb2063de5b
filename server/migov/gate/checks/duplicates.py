"""Likely duplicates: new entities that may be there already under another name.

The score of a pair is a plain sum of named features, at most 1, so that a reviewer can follow it.
An identifier of the same scheme that differs outweighs any likeness of names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeGuard

from pyoxigraph import BlankNode, Literal, NamedNode
from rapidfuzz import fuzz

from migov.gate.checks.context import Context, named
from migov.gate.checks.policy import REPLACED
from migov.gate.checks.state import State, mg, std
from migov.gate.report import Finding, Severity
from migov.gate.structure import BLANK
from migov.vocabulary import CONCEPT, ID
from migov.words import folded

THRESHOLD: Final = 0.8
_KINDS: Final = ("initiative", "actor", "place", "instrument", "event", "document", "corridor")
_NAMES: Final = (std("skos", "prefLabel"), std("skos", "altLabel"), std("dcterms", "title"),
                 mg("name"))  # fmt: skip
_LINKS: Final = tuple(std("skos", name) for name in ("closeMatch", "exactMatch", "relatedMatch"))
_ALIKE: Final = ((95, 0.8), (85, 0.5))
"""From how many per cent on names are alike, and what that weighs."""

_RARE: Final = 12
"""How many entities may share a word for it to bring two of them together."""

_FEW: Final = 40
"""How many of those that share a name, an acronym or an identifier are compared with a new one."""

_TOLD: Final = 3
"""How many likely duplicates are told of a new entity, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What an entity is told by: its names and acronyms, folded, and its identifiers."""

    iri: str
    kind: str
    names: frozenset[str]
    acronyms: frozenset[str]
    identifiers: frozenset[tuple[str, str]]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Feature:
    """One reason for taking two entities for the same, and what it adds to the score."""

    weight: float
    en: str
    fr: str


def check(context: Context) -> Iterator[Finding]:
    """Yield the new entities that are likely to be there already."""
    new = [iri for iri in context.new if _kind(iri)]
    if not new:
        return
    touched = _touched(context)
    now, before = _Index.of(context.after, sorted(touched)), _index_of(context.before)
    for iri in new:
        portrait = now.portraits.get(iri)
        if portrait is None:
            continue
        known = [other for other in before.near(portrait) if other.iri not in touched]
        # Of two that are new there is one finding, on the later name.
        near = [o for o in now.near(portrait) if o.iri < iri or o.iri not in context.new]
        likely: list[tuple[float, str, list[Feature]]] = []
        for other in [*known, *near]:
            features = compared(portrait, other)
            score = min(1.0, sum(feature.weight for feature in features))
            if score >= THRESHOLD and not _told_apart(context.after, iri, other.iri):
                likely.append((score, other.iri, features))
        for score, name, features in sorted(likely, key=lambda each: (-each[0], each[1]))[:_TOLD]:
            yield _duplicate(context, iri, name, score, features)


def _touched(context: Context) -> set[str]:
    """Return the entities that the touched files describe, or described before."""
    sides = [
        (state, path)
        for state in (context.before, context.after)
        for path in context.touched
        if path in state.files
    ]
    return {
        node.value
        for state, path in sides
        for node in state.facts(path).by_subject
        if isinstance(node, NamedNode) and _kind(node.value)
    }


def _index_of(state: State) -> _Index:
    """Return the index of all entities of a state, made once for every change to it."""
    found = state.memo.get("duplicates")
    if not isinstance(found, _Index):
        found = _Index.of(state, [iri for iri in sorted(state.describing) if _kind(iri)])
        state.memo["duplicates"] = found
    return found


def compared(one: Portrait, other: Portrait) -> list[Feature]:
    """Return the reasons for taking two entities for the same."""
    features: list[Feature] = []
    shared = sorted(one.identifiers & other.identifiers)
    if shared:
        scheme, value = shared[0]
        text = f"{scheme} {value}"
        features.append(Feature(1.0, f"same identifier {text}", f"même identifiant {text}"))
    elif schemes := sorted({s for s, _ in one.identifiers} & {s for s, _ in other.identifiers}):
        name = schemes[0]
        features.append(Feature(-1.0, f"another {name} each", f"chacun son {name}"))
    same = sorted(one.names & other.names, key=lambda name: (-len(name), name))
    if same:
        features.append(Feature(0.8, f"same name “{same[0]}”", f"même nom « {same[0]} »"))
    else:
        pairs = ((a, b) for a in one.names for b in other.names if _may_be_alike(a, b))
        best = max((fuzz.token_sort_ratio(a, b) for a, b in pairs), default=0)
        weight = next((weight for least, weight in _ALIKE if best >= least), 0.0)
        if weight:
            share = f"{best:.0f} %"
            features.append(Feature(weight, f"names {share} alike", f"noms semblables à {share}"))
    acronyms = sorted(one.acronyms & other.acronyms)
    if acronyms:
        name = acronyms[0].upper()
        features.append(Feature(0.3, f"same acronym {name}", f"même sigle {name}"))
    return features


def _may_be_alike(one: str, other: str) -> bool:
    """Whether two names are of one thing by their numbers: years and phases tell things apart.

    >>> _may_be_alike("plan 2020 2025", "plan 2025 2030"), _may_be_alike("plan", "plan 2025")
    (False, True)
    """
    numbers = [sorted(filter(str.isdecimal, name.split())) for name in (one, other)]
    return numbers[0] == numbers[1] or not all(numbers)


class _Index:
    """Portraits by what brings two together, so that not every pair is compared."""

    def __init__(self) -> None:
        self.portraits: dict[str, Portrait] = {}
        self._by_key: dict[tuple[str, object], list[Portrait]] = defaultdict(list)

    @classmethod
    def of(cls, state: State, iris: Iterable[str]) -> _Index:
        """Return the index of some entities of a state."""
        index = cls()
        for iri in iris:
            portrait = _portrait(state, iri)
            if portrait is not None:
                index.portraits[iri] = portrait
                for key in _keys(portrait):
                    index._by_key[key].append(portrait)
        return index

    def near(self, portrait: Portrait) -> list[Portrait]:
        """Return the portraits worth comparing, in order of their names."""
        found: dict[str, Portrait] = {}
        for key in _keys(portrait):
            others = self._by_key.get(key, [])
            if key[0] != "word" or len(others) <= _RARE:
                alike = (other for other in others if other.kind == portrait.kind)
                found.update((other.iri, other) for other in islice(alike, _FEW))
        found.pop(portrait.iri, None)
        return [found[iri] for iri in sorted(found)]


def _keys(portrait: Portrait) -> Iterator[tuple[str, object]]:
    for name in ("names", "acronyms", "identifiers", "words"):
        for value in getattr(portrait, name):
            yield name.rstrip("s"), value


def _kind(iri: str) -> str | None:
    """Return what an entity may be a duplicate among; instruments may be initiatives too."""
    if iri.startswith(CONCEPT):
        return iri.rpartition("/")[0] if "/" in iri.removeprefix(CONCEPT) else None
    kind = iri.removeprefix(ID).partition("/")[0]
    if not iri.startswith(ID) or kind not in _KINDS:
        return None
    return "initiative" if kind == "instrument" else kind


def _portrait(state: State, iri: str) -> Portrait | None:
    node, kind = NamedNode(iri), _kind(iri)
    if kind is None or not state.types(node) or state.values(node, REPLACED):
        return None
    raw = {value.value for p in _NAMES for value in state.values(node, p) if _is_text(value)}
    names = {folded(text) for text in raw}
    acronyms = {folded(v.value) for v in state.values(node, mg("acronym")) if _is_text(v)}
    for text in raw:  # “International Labour Organization (ILO)”
        before, _, after = text.rpartition("(")
        if text.endswith(")") and after[:-1].isupper() and len(after) > 3:
            acronyms.add(folded(after))
            names.add(folded(before))
    names.discard("")
    return Portrait(
        iri,
        kind,
        frozenset(names),
        frozenset(name for name in acronyms if len(name) >= 3),
        frozenset(_identifiers(state, node)),
        frozenset(word for name in names for word in name.split() if len(word) >= 4),
    )


def _identifiers(state: State, node: NamedNode) -> Iterator[tuple[str, str]]:
    for path in state.describing.get(node.value, ()):
        facts = state.facts(path)
        for held in facts.values(node, mg("identifier")):
            if isinstance(held, (BlankNode, NamedNode)):
                schemes = [_text(v).rpartition("/")[2] for v in facts.values(held, mg("scheme"))]
                values = [_text(value) for value in facts.values(held, mg("value"))]
                yield from zip(schemes, values, strict=False)
        for code in ("isoAlpha2", "isoAlpha3", "m49"):
            for value in facts.values(node, mg(code)):
                yield code, _text(value)


def _told_apart(state: State, one: str, other: str) -> bool:
    """Whether a statement joins the two: a part, a unit, a region within another, a close match."""
    pairs = ((one, other), (other, one))
    for subject, value in pairs:
        for path in state.describing.get(subject, ()):
            for triple in state.facts(path).by_subject[NamedNode(subject)]:
                if triple.object == NamedNode(value):
                    return True
    return False


def _duplicate(
    context: Context, iri: str, other: str, score: float, features: Iterable[Feature]
) -> Finding:
    node = NamedNode(iri)
    facts = context.after.facts(context.after.described_in(iri)[0])
    listed = list(features)
    en = " + ".join(f"{feature.weight:.2g} {feature.en}" for feature in listed)
    fr = " + ".join(f"{feature.weight:.2g} {feature.fr}" for feature in listed).replace(".", ",")
    return context.finding(
        "likely-duplicate",
        (
            f"{named(iri)} may be {named(other)}, which is there already (score {score:.2g} = "
            f"{en}). If it is, use that name; if not, say how they differ or are related.",
            f"{named(iri)} est peut-être {named(other)}, qui existe déjà (score "
            f"{str(round(score, 2)).replace('.', ',')} = {fr}). Si c’est le cas, prenez ce nom ; "
            "sinon, dites en quoi ils diffèrent ou ce qui les lie.",
        ),
        severity=Severity.WARNING,
        focus=node,
        value=NamedNode(other),
        place=facts.positions.node_at(node),
        expected=(named(other), named(other)),
    )


def _is_text(value: object) -> TypeGuard[Literal]:
    return isinstance(value, Literal) and not value.value.startswith(BLANK)


def _text(value: object) -> str:
    return value.value if isinstance(value, (Literal, NamedNode)) else ""
