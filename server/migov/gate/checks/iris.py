"""The form of names: those of our namespace, those that only look like it, and participations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from migov.gate.checks.context import Context, edit_name, named
from migov.gate.checks.state import FileFacts, Node, mg
from migov.gate.report import Edit, Finding, Severity
from migov.vocabulary import BASE, CONCEPT, GRAPH, ID, KINDS, NS, SHAPE

_SLUG: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_NAMESPACE: Final = NS.rstrip("#")
_FORMS: Final = {
    **{kind: re.compile(_SLUG) for kind in KINDS},
    "person": re.compile(r"[1-9][0-9]*"),
    "participation": re.compile(rf"{_SLUG}(?:--{_SLUG}){{3}}"),
    "document": re.compile(r"[0-9]{3}|" + _SLUG),
}
_CONCEPT: Final = re.compile(rf"{_SLUG}(?:/[a-z0-9]+(?:[-.][a-z0-9]+)*)?")
_ALMOST: Final = re.compile(r"(?:https?://)?(?:www\.)?w3id\.org/+migov\b/?(.*)", re.IGNORECASE)
_EXAMPLE: Final = "actor:ilo"


def check(context: Context) -> Iterator[Finding]:
    """Yield the malformed and foreign names in the touched files, once for each file."""
    for facts in context.files:
        subjects = {node.value for node in facts.by_subject if isinstance(node, NamedNode)}
        terms = {
            term.value
            for triple in facts.triples
            for term in (triple.subject, triple.predicate, triple.object)
            if isinstance(term, NamedNode)
        }
        for iri in sorted(terms):
            if iri.startswith(BASE):
                yield from _form(context, facts, iri)
            elif found := _ALMOST.fullmatch(iri):
                yield _almost(context, facts, iri, BASE + found[1])
            elif iri in subjects and _is_ours_to_say(facts.path):
                yield _foreign(context, facts, iri)
        yield from _participations(context, facts)


def _is_ours_to_say(path: str) -> bool:
    """Whether a file describes what is ours; enrichment repeats what others say of theirs."""
    return path.startswith("data/") and not path.startswith("data/enrichment/")


def _form(context: Context, facts: FileFacts, iri: str) -> Iterator[Finding]:
    wrong = wrong_form(iri)
    if wrong is not None:
        place = facts.positions.mention_at(iri)
        right = _mended(iri)
        yield context.finding(
            "iri-form",
            (f"{named(iri)}: {wrong[0]}", f"{named(iri)} : {wrong[1]}"),
            focus=NamedNode(iri),
            place=place,
            expected=None if right is None else (named(right), named(right)),
            edits=[] if right is None else edit_name(facts, place, iri, right),
        )


def wrong_form(iri: str) -> tuple[str, str] | None:
    """Return what is wrong with the form of an IRI of our namespace, in two languages, or None."""
    if iri.startswith((NS, GRAPH, SHAPE)) or iri == _NAMESPACE or iri.startswith(_NAMESPACE + "/"):
        return None
    if iri.startswith(CONCEPT):
        if _CONCEPT.fullmatch(iri.removeprefix(CONCEPT)):
            return None
        return (
            "a concept is concept/ with scheme and slug, in lower case, digits and single hyphens.",
            "un concept s’écrit concept/, schéma et identifiant court, en minuscules, chiffres et "
            "traits d’union simples.",
        )
    if not iri.startswith(ID):
        return (
            "our namespace has ns#, concept/, id/ and graph/, and nothing else.",
            "notre espace de noms contient ns#, concept/, id/ et graph/, et rien d’autre.",
        )
    kind, _, slug = iri.removeprefix(ID).partition("/")
    if kind not in KINDS:
        return (
            f"there is no kind of entity “{kind}”; the kinds are {', '.join(KINDS)}.",
            f"il n’y a pas de type d’entité « {kind} » ; les types sont {', '.join(KINDS)}.",
        )
    if _FORMS[kind].fullmatch(slug):
        return None
    if kind == "person":
        return (
            "a person is a number, such as person:1; names stand in data/people alone.",
            "une personne est un numéro, par exemple person:1 ; les noms ne figurent que dans "
            "data/people.",
        )
    if kind == "participation":
        return (
            "a participation has four parts joined by --: record, target, role, actor.",
            "une participation a quatre parties jointes par -- : fiche, objet, rôle, acteur.",
        )
    return (
        f"a slug has lower-case letters, digits and single hyphens, as in {_EXAMPLE}.",
        "un identifiant court a des minuscules, des chiffres et des traits d’union simples, "
        f"comme {_EXAMPLE}.",
    )


def _mended(iri: str) -> str | None:
    """Return the name that a malformed one was meant to be, where that is mechanical."""
    folder, _, slug = iri.rpartition("/")
    kind = folder.removeprefix(ID)
    if iri.startswith(ID) and kind not in KINDS:
        singular = kind.removesuffix("s")
        folder = ID + singular if singular in KINDS else folder
    lower = re.sub(r"[\s_]+", "-", slug.lower())
    right = f"{folder}/{lower}"
    return right if right != iri and wrong_form(right) is None else None


def _almost(context: Context, facts: FileFacts, iri: str, right: str) -> Finding:
    place = facts.positions.mention_at(iri)
    return context.finding(
        "foreign-iri",
        (
            f"<{iri}> is not in our namespace, which is {BASE}, to the letter.",
            f"<{iri}> n’est pas dans notre espace de noms, qui s’écrit exactement {BASE}.",
        ),
        focus=NamedNode(iri),
        place=place,
        expected=(named(right), named(right)),
        edits=edit_name(facts, place, iri, right),
    )


def _foreign(context: Context, facts: FileFacts, iri: str) -> Finding:
    return context.finding(
        "foreign-subject",
        (
            f"<{iri}> is described here and is not ours to describe. Give the thing an IRI under "
            f"{ID}, and this one as an mg:identifier or skos:exactMatch of it.",
            f"<{iri}> est décrit ici et ne nous appartient pas. Donnez à la chose une IRI sous "
            f"{ID}, et celle-ci comme mg:identifier ou skos:exactMatch.",
        ),
        severity=Severity.WARNING,
        focus=NamedNode(iri),
        place=facts.positions.node_at(NamedNode(iri)),
    )


def _participations(context: Context, facts: FileFacts) -> Iterator[Finding]:
    folder, _, name = facts.path.removeprefix("data/records/").removesuffix(".ttl").rpartition("/")
    for node in facts.instances(mg("Participation")):
        parts = [_last(context, facts, node, term) for term in ("participationIn", "role", "actor")]
        if not isinstance(node, NamedNode) or None in parts or not folder:
            continue  # what is missing is for the shapes to say, and what is misspelt for `links`
        iri = node.value
        right = f"{ID}participation/" + "--".join([f"{folder}-{name}", *map(str, parts)])
        if iri == right or not iri.startswith(f"{ID}participation/"):
            continue
        place = facts.positions.node_at(node)
        alone = sum(node in (t.subject, t.object) for t in facts.triples) == len(
            facts.by_subject[node]
        )
        edits: list[Edit] = edit_name(facts, place, iri, right) if alone else []
        yield context.finding(
            "participation-iri",
            (
                f"The name of the participation does not say what it states: {named(right)}.",
                f"Le nom de la participation ne dit pas ce qu’elle énonce : {named(right)}.",
            ),
            focus=node,
            place=place,
            expected=(named(right), named(right)),
            edits=edits,
        )


def _last(context: Context, facts: FileFacts, node: Node, term: str) -> str | None:
    values = facts.values(node, mg(term))
    if len(values) != 1 or not isinstance(values[0], NamedNode):
        return None
    known = bool(context.after.described_in(values[0].value))
    return values[0].value.rpartition("/")[2] if known else None
