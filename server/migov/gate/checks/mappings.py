"""Links of mapping sets: that they can hold, and that they do not join what is apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.dataset import is_turtle
from migov.dataset.mappings import Link, read_mappings
from migov.gate.checks import linked
from migov.gate.checks.context import Context, named
from migov.gate.checks.identifiers import form, is_valid
from migov.gate.checks.linked import EQUAL, REGISTERS, about_object, place_of, register_of
from migov.gate.checks.state import FileFacts, State, mg, std
from migov.gate.report import Finding
from migov.vocabulary import CONCEPT, ID, NS, STANDARD_PREFIXES

_SAME: Final = STANDARD_PREFIXES["schema"] + "sameAs"
_UNNAMED: Final = NS + "Unnamed"
"""How the names of the classes of unnamed sets begin."""
_MATCHES: Final = tuple(
    STANDARD_PREFIXES["skos"] + name
    for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
)


def check(context: Context) -> Iterator[Finding]:
    """Yield what cannot be right in the touched mapping sets, row by row, and links left behind."""
    touched = [facts for facts in context.files if not is_turtle(facts.path)]
    yield from _left_behind(context, {facts.path for facts in touched})
    if not touched:
        return
    elsewhere = _equal_links(context.after)
    rows = [(facts, read_mappings(facts.file).mappings) for facts in touched]
    yield from linked.check(context, rows)
    for facts, links in rows:
        for link in links:
            if link.is_replacement:  # about two things of the register alone
                continue
            yield from _subject(context, facts, link)
            yield from _predicate(context, facts, link)
            yield from _object(context, facts, link)
            if link.holds:
                yield from _kind(context, facts, link)
                yield from _identifier(context, facts, link)
        yield from _contradictions(context, facts, links)
        yield from _one_to_one(context, facts, links, elsewhere)


def _left_behind(context: Context, touched: set[str]) -> Iterator[Finding]:
    """Yield the links of other sets that begin at what is gone."""
    lost = set(context.lost)
    for facts in context.facts_with(lost):
        if not is_turtle(facts.path) and facts.path not in touched:
            for link in read_mappings(facts.file).mappings:
                if link.subject in lost and not link.is_replacement:
                    yield from _subject(context, facts, link)


def _equal_links(state: State) -> dict[str, set[str]]:
    """Return, for each thing elsewhere, those of ours that any set says it is."""
    found: dict[str, set[str]] = defaultdict(set)
    for facts in state.all_facts():
        if is_turtle(facts.path) or facts.error is not None:
            continue
        for triple in facts.triples:
            if triple.predicate.value in EQUAL and isinstance(triple.object, NamedNode):
                assert isinstance(triple.subject, NamedNode)
                found[triple.object.value].add(triple.subject.value)
    return found


def _subject(context: Context, facts: FileFacts, link: Link) -> Iterator[Finding]:
    if not _is_described(context.after, link.subject):
        yield context.finding(
            "mapping-subject",
            (
                f"Nothing of ours is {named(link.subject)}: a link begins at an entity or a "
                "concept that some file describes.",
                f"Rien chez nous ne s’appelle {named(link.subject)} : un lien part d’une entité "
                "ou d’un concept que décrit un fichier.",
            ),
            focus=NamedNode(link.subject),
            place=place_of(facts, link, 0),
        )


def _is_described(state: State, iri: str) -> bool:
    return iri.startswith((ID, CONCEPT)) and bool(state.described_in(iri))


def _predicate(context: Context, facts: FileFacts, link: Link) -> Iterator[Finding]:
    is_concept = link.subject.startswith(CONCEPT)
    allowed = _MATCHES if is_concept else (_SAME,)
    if link.predicate not in allowed:
        names = ", ".join(map(named, allowed))
        yield context.finding(
            "mapping-predicate",
            (
                f"{named(link.predicate)} does not link "
                f"{'a concept' if is_concept else 'a thing'} with another register: use {names}. "
                "owl:sameAs would merge everything that is said of both.",
                f"{named(link.predicate)} ne relie pas "
                f"{'un concept' if is_concept else 'une chose'} à un autre registre : employez "
                f"{names}. owl:sameAs confondrait tout ce qui est dit de l’un et de l’autre.",
            ),
            focus=NamedNode(link.subject),
            place=place_of(facts, link, 1),
            expected=(names, names),
        )


def _object(context: Context, facts: FileFacts, link: Link) -> Iterator[Finding]:
    register = register_of(link.object)
    if register is None:
        return
    scheme, value = register
    if not is_valid(scheme, value):
        known = form(scheme)
        example = known[1] if known else ""
        yield about_object(
            context,
            facts,
            link,
            "mapping-object",
            (
                f"“{value}” cannot be an identifier of {scheme}. One looks like {example}.",
                f"« {value} » ne peut pas être un identifiant de {scheme}. Exemple : {example}.",
            ),
        )


def _kind(context: Context, facts: FileFacts, link: Link) -> Iterator[Finding]:
    if any(kind.startswith(_UNNAMED) for kind in context.after.types(NamedNode(link.subject))):
        yield about_object(
            context,
            facts,
            link,
            "mapping-type",
            (
                "This is an unnamed set: nobody else can have it under a name.",
                "Ceci est un ensemble non nommé : nul autre ne peut l’avoir sous un nom.",
            ),
        )
        return
    for namespace, (scheme, classes) in REGISTERS.items():
        if not link.object.startswith(namespace) or not classes:
            continue
        types = context.after.types(NamedNode(link.subject))
        if types and not types & {mg(name).value for name in classes}:
            names = ", ".join(f"mg:{name}" for name in classes)
            yield about_object(
                context,
                facts,
                link,
                "mapping-type",
                (
                    f"{scheme} speaks of {names}, and this is none of them.",
                    f"{scheme} décrit {names}, et ceci n’en est pas.",
                ),
                expected=(names, names),
            )


def _identifier(context: Context, facts: FileFacts, link: Link) -> Iterator[Finding]:
    """Yield a link that says otherwise than the identifier which the thing itself carries."""
    register = register_of(link.object)
    if register is None or link.predicate not in EQUAL:
        return
    scheme, value = register
    known = _identifiers(context.after, link.subject, scheme)
    if known and value not in known:
        told = ", ".join(sorted(known))
        yield about_object(
            context,
            facts,
            link,
            "mapping-identifier",
            (
                f"The thing itself carries the identifier {scheme} {told}, and this link says "
                f"{value}. One of them is wrong.",
                f"La chose elle-même porte l’identifiant {scheme} {told}, et ce lien dit {value}. "
                "L’un des deux est faux.",
            ),
            expected=(told, told),
        )


def _identifiers(state: State, iri: str, scheme: str) -> set[str]:
    wanted = NamedNode(f"{CONCEPT}identifier-scheme/{scheme}")
    found: set[str] = set()
    for path in state.describing.get(iri, ()):
        own = state.facts(path)
        for node in own.values(NamedNode(iri), mg("identifier")):
            if not isinstance(node, Literal) and wanted in own.values(node, mg("scheme")):
                found.update(value.value for value in own.values(node, mg("value")))
    return found


def _contradictions(
    context: Context, facts: FileFacts, links: tuple[Link, ...]
) -> Iterator[Finding]:
    rejected = {(each.subject, each.object): each.row for each in links if each.is_negative}
    for link in links:
        row = rejected.get((link.subject, link.object))
        if link.holds and row is not None:
            yield about_object(
                context,
                facts,
                link,
                "mapping-rejected",
                (
                    f"Row {row} says that these two are not the same. Keep one of the rows.",
                    f"La ligne {row} dit que ces deux choses sont distinctes. Gardez l’une des "
                    "deux lignes.",
                ),
            )


def _one_to_one(
    context: Context,
    facts: FileFacts,
    links: tuple[Link, ...],
    elsewhere: dict[str, set[str]],
) -> Iterator[Finding]:
    """Yield links that make two things of ours one, or two things of a register."""
    theirs: dict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.holds and link.predicate in EQUAL:
            theirs[link.subject].add(link.object)
    for link in links:
        if not link.holds or link.predicate not in EQUAL:
            continue
        others = sorted(elsewhere[link.object] - {link.subject})
        if others and not _is_replaced(context.after, link.subject, others[0]):
            other = named(others[0])
            yield _joined(context, facts, link, (f"{other} is", f"{other} est"))
        elif len(theirs[link.subject]) > 1:
            more = sorted(theirs[link.subject] - {link.object})[0]
            yield _joined(
                context,
                facts,
                link,
                (f"this thing is also <{more}>, which is", f"cette chose est aussi <{more}>, soit"),
            )


def _joined(context: Context, facts: FileFacts, link: Link, other: tuple[str, str]) -> Finding:
    return about_object(
        context,
        facts,
        link,
        "mapping-one-to-one",
        (
            f"A set links one with one: {other[0]} linked as the same too. Keep the right row, "
            "and the other one as Not.",
            f"Un ensemble relie un à un : {other[1]} reliée de même. Gardez la bonne ligne, et "
            "l’autre avec Not.",
        ),
    )


def _is_replaced(state: State, one: str, other: str) -> bool:
    replaced = std("dcterms", "isReplacedBy")
    return NamedNode(other) in state.values(NamedNode(one), replaced) or NamedNode(
        one
    ) in state.values(NamedNode(other), replaced)
