"""Links beside what else is known of their ends: other links, replacements, pinned snapshots."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode

from migov.dataset import is_turtle
from migov.dataset.mappings import Link, read_mappings
from migov.errors import ContentError, ContentSyntaxError, Place
from migov.gate.checks.context import Context
from migov.gate.checks.state import FileFacts, State, mg, std
from migov.gate.report import Edit, Finding
from migov.targets import Entry, Target, read_manifest, read_target
from migov.vocabulary import CONCEPT, ID, STANDARD_PREFIXES, compact

EQUAL: Final = (STANDARD_PREFIXES["schema"] + "sameAs", STANDARD_PREFIXES["skos"] + "exactMatch")
"""Predicates that say that two things are one."""
_JOINS: Final = frozenset({*EQUAL, STANDARD_PREFIXES["owl"] + "sameAs"})
_SCHEMES: Final = CONCEPT + "identifier-scheme/"

REGISTERS: Final = {
    "http://www.wikidata.org/entity/": ("wikidata", ()),
    "https://sws.geonames.org/": ("geonames", ("Place", "Country", "Region", "Locality")),
    "http://publications.europa.eu/resource/authority/country/": (
        "eu-authority-country",
        ("Country",),
    ),
    "https://ror.org/": ("ror", ("Organisation", "Mechanism")),
    "https://isni.org/isni/": ("isni", ("Organisation", "Mechanism", "Person")),
}
"""Registers by the beginning of their IRIs: the scheme, and the classes they can speak of."""

Neighbours = Mapping[str, set[str]]


def check(
    context: Context, touched: Iterable[tuple[FileFacts, tuple[Link, ...]]]
) -> Iterator[Finding]:
    """Yield what is wrong with the links of touched mapping sets, seen from beyond their rows.

    Raises ContentError for a pinned snapshot that is not whole.
    """
    sets = list(touched)
    neighbours = _neighbours(context.after)
    retired = _retired(context)
    pinned = _pinned(context.targets) if context.targets is not None else ()
    for facts, links in sets:
        standing = _standing(pinned, links)
        for link in links:
            if link.holds:
                yield from _chain(context, facts, link, neighbours)
                yield from _comes_back(context, facts, link, retired)
                yield from _in_snapshot(context, facts, link, standing)


def _neighbours(state: State) -> dict[str, set[str]]:
    """Return what any file says is one with each thing: by a link, or by an identifier of it."""
    found: dict[str, set[str]] = defaultdict(set)
    for facts in state.all_facts():
        for triple in facts.triples:
            one, value = triple.subject, triple.object
            other: str | None = None
            if triple.predicate == mg("identifier"):
                other = _identifier(facts, value)
            elif triple.predicate.value in _JOINS and isinstance(value, NamedNode):
                other = _node(value.value)
            if other is not None and isinstance(one, NamedNode):
                found[one.value].add(other)
                found[other].add(one.value)
    return found


def _identifier(facts: FileFacts, node: object) -> str | None:
    """Return an identifier as a step of a chain, None where it lacks its scheme or value."""
    if not isinstance(node, NamedNode | BlankNode):
        return None
    schemes, values = facts.values(node, mg("scheme")), facts.values(node, mg("value"))
    for scheme in schemes:
        for value in values:
            if isinstance(scheme, NamedNode) and isinstance(value, Literal):
                return f"{scheme.value.removeprefix(_SCHEMES)} {value.value}"
    return None


def _node(iri: str) -> str:
    """Return a thing elsewhere as a step of a chain: the same however its register is named."""
    register = register_of(iri)
    return iri if register is None else " ".join(register)


def register_of(iri: str) -> tuple[str, str] | None:
    """Return the scheme and the identifier of an IRI of a register that is known here."""
    for namespace, (scheme, _) in REGISTERS.items():
        if iri.startswith(namespace):
            return scheme, iri.removeprefix(namespace).rstrip("/")
    return None


def _chain(
    context: Context, facts: FileFacts, link: Link, neighbours: Neighbours
) -> Iterator[Finding]:
    """Yield the shortest chain that begins with a link and ends at another thing of ours.

    Two rows with the same object are told as not one to one.
    """
    start = _node(link.object)
    reached: dict[str, tuple[str, ...]] = {start: (link.subject, start)}
    is_ours = bool(context.after.described_in(link.subject))
    waiting = deque([start] if is_ours and link.predicate in EQUAL else ())
    while waiting:
        at = waiting.popleft()
        for other in sorted(neighbours.get(at, ())):
            if other in reached or other == link.subject:
                continue
            way = reached[other] = (*reached[at], other)
            if not other.startswith((ID, CONCEPT)):
                waiting.append(other)
            elif not (
                _is_replaced(context.after, link.subject, other)
                or (len(way) == 3 and _is_row(context.after, other, link.object))
            ):
                yield _joins(context, facts, link, way)
                return


def _joins(context: Context, facts: FileFacts, link: Link, way: tuple[str, ...]) -> Finding:
    told = " = ".join(compact(step) for step in way)
    return about_object(
        context,
        facts,
        link,
        "mapping-chain",
        (
            f"This link joins two things of ours: {told}. Mend the step that is wrong.",
            f"Ce lien réunit deux choses à nous : {told}. Corrigez l’étape fausse.",
        ),
    )


def _is_row(state: State, subject: str, object_: str) -> bool:
    """Whether some mapping set says that two are one."""
    return any(
        not is_turtle(path)
        and any(
            NamedNode(object_) in state.facts(path).values(NamedNode(subject), NamedNode(equal))
            for equal in EQUAL
        )
        for path in state.describing.get(subject, ())
    )


def _is_replaced(state: State, one: str, other: str) -> bool:
    replaced = std("dcterms", "isReplacedBy")
    return NamedNode(other) in state.values(NamedNode(one), replaced) or NamedNode(
        one
    ) in state.values(NamedNode(other), replaced)


def _retired(context: Context) -> dict[str, str]:
    """Return what any set, before or after, says was replaced elsewhere, and by what."""
    found: dict[str, str] = {}
    for state in (context.before, context.after):
        for path, file in state.files.items():
            if is_turtle(path) or not path.startswith("data/"):
                continue
            try:
                rows = read_mappings(file).mappings
            except ContentSyntaxError:  # told as a finding of its own
                continue
            found.update((row.subject, row.object) for row in rows if row.is_replacement)
    return found


def _comes_back(
    context: Context, facts: FileFacts, link: Link, retired: Mapping[str, str]
) -> Iterator[Finding]:
    now = retired.get(link.object)
    if now is not None:
        yield about_object(
            context,
            facts,
            link,
            "mapping-retired",
            (
                f"<{link.object}> was replaced by <{now}>, as a mapping set records, and does not "
                "come back.",
                f"<{link.object}> a été remplacé par <{now}>, comme le note un ensemble de "
                "correspondances, et ne revient pas.",
            ),
            expected=(f"<{now}>", f"<{now}>"),
            edits=_edits(facts, link, now),
        )


def _pinned(folder: Path) -> tuple[Target, ...]:
    """Return the targets that a folder pins; raises ContentError."""
    found: dict[str, Target] = {}
    for path in sorted(folder.glob("*.yaml")):
        target = read_manifest(path)
        if target.namespace in found:
            raise ContentError(
                f"{path} pins {target.namespace} a second time.",
                place=Place(str(path)),
                hint="Keep one manifest for each target in the folder of the setting targets.",
            )
        found[target.namespace] = target
    return tuple(found.values())


def _standing(
    pinned: Iterable[Target], links: Iterable[Link]
) -> list[tuple[Target, Mapping[str, Entry]]]:
    """Return the snapshots that a set links to, by IRI; the others are not read."""
    objects = [link.object for link in links if link.holds]
    return [
        (target, {entry.portrait.iri: entry for entry in read_target(target, {})})
        for target in pinned
        if any(iri.startswith(target.namespace) for iri in objects)
    ]


def _in_snapshot(
    context: Context,
    facts: FileFacts,
    link: Link,
    standing: Iterable[tuple[Target, Mapping[str, Entry]]],
) -> Iterator[Finding]:
    for target, entries in standing:
        if not link.object.startswith(target.namespace):
            continue
        where, entry = f"{target.name} {target.version}", entries.get(link.object)
        if entry is not None and entry.replaced_by is not None:
            now = entry.replaced_by
            yield about_object(
                context,
                facts,
                link,
                "mapping-replaced",
                (
                    f"<{link.object}> was replaced in {where}: link with <{now}>.",
                    f"<{link.object}> a été remplacé dans {where} : reliez avec <{now}>.",
                ),
                expected=(f"<{now}>", f"<{now}>"),
                edits=_edits(facts, link, now),
            )
        elif entry is None or entry.is_gone:
            is_not = ("is not", "n’est pas") if entry is None else ("was withdrawn", "a été retiré")
            of = (f"{is_not[0]} in {where}", f"{is_not[1]} dans {where}")
            yield about_object(
                context,
                facts,
                link,
                "mapping-absent",
                (
                    f"<{link.object}> {of[0]}. Is the identifier right?",
                    f"<{link.object}> {of[1]}. L’identifiant est-il juste ?",
                ),
            )


def _edits(facts: FileFacts, link: Link, now: str) -> list[Edit]:
    """Return the edit of the cell that puts another object there, where its prefix serves both."""
    place = place_of(facts, link, 2)
    prefixes = read_mappings(facts.file).prefixes
    cells = (facts.positions.line_at(link.row).text or "").split("\t")
    short = cells[link.columns[2] - 1].rstrip()
    prefix = short.partition(":")[0]
    namespace = prefixes.get(prefix, "")
    if not namespace or not now.startswith(namespace):
        return []
    return [Edit(place, short, f"{prefix}:{now.removeprefix(namespace)}")]


def place_of(facts: FileFacts, link: Link, term: int) -> Place:
    """Return where a term of a link stands: 0 its subject, 1 its predicate, 2 its object."""
    start = facts.positions.line_at(link.row)
    cells = (start.text or "").split("\t", link.columns[term])
    width = sum(len(cell) + 1 for cell in cells[: link.columns[term] - 1])
    return Place(facts.path, link.row, width + 1, start.text)


def about_object(
    context: Context,
    facts: FileFacts,
    link: Link,
    rule: str,
    messages: tuple[str, str],
    *,
    expected: tuple[str, str] | None = None,
    edits: Iterable[Edit] = (),
) -> Finding:
    """Return a finding on the object of a link, at its cell; messages are in English and French."""
    return context.finding(
        rule,
        messages,
        focus=NamedNode(link.subject),
        value=NamedNode(link.object),
        place=place_of(facts, link, 2),
        expected=expected,
        edits=edits,
    )
