"""Identifiers of other registers, and the codes of countries and regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.gate.checks.context import Context, edit_object
from migov.gate.checks.identifiers import CHECK_DIGITS, fits_form, form, is_valid, mended
from migov.gate.checks.state import FileFacts, Node, mg
from migov.gate.report import Edit, Finding
from migov.vocabulary import CONCEPT, ID

_SCHEMES: Final = CONCEPT + "identifier-scheme/"
_PLACES: Final = ID + "place/"


def check(context: Context) -> Iterator[Finding]:
    """Yield identifiers that fail their scheme's check, and codes that do not fit their place."""
    for facts in context.files:
        for node in facts.by_subject:
            yield from _identifier(context, facts, node)
            yield from _m49(context, facts, node)
            yield from _country(context, facts, node)


def _identifier(context: Context, facts: FileFacts, node: Node) -> Iterator[Finding]:
    schemes = [
        value.value.removeprefix(_SCHEMES)
        for value in facts.values(node, mg("scheme"))
        if isinstance(value, NamedNode) and value.value.startswith(_SCHEMES)
    ]
    if len(schemes) != 1:
        return
    for triple in facts.by_subject[node]:
        if triple.predicate != mg("value") or not isinstance(triple.object, Literal):
            continue
        value = triple.object.value
        if not is_valid(schemes[0], value):
            yield _invalid(context, facts, node, triple, schemes[0])
        else:
            yield from _address(context, facts, node, value, schemes[0])


def _invalid(
    context: Context, facts: FileFacts, node: Node, triple: Triple, scheme: str
) -> Finding:
    assert isinstance(triple.object, Literal)
    value = triple.object.value
    known = form(scheme)
    example = known[1] if known else ""
    if fits_form(scheme, value) and scheme not in CHECK_DIGITS:
        en, fr = "it begins with no country’s code", "elle ne commence par aucun code de pays"
    elif fits_form(scheme, value):
        en, fr = "its check digits do not agree with the rest", "sa clé de contrôle est fausse"
    else:
        en, fr = "it has another form", "elle a une autre forme"
    right = mended(scheme, value)
    return context.finding(
        "identifier",
        (
            f"“{value}” cannot be an identifier of {scheme}: {en}. One looks like {example}.",
            f"« {value} » ne peut pas être une valeur de {scheme} : {fr}. Exemple : {example}.",
        ),
        focus=node,
        predicate=triple.predicate,
        value=triple.object,
        place=facts.positions.object_at(triple),
        expected=(right or f"a value like {example}", right or f"une valeur comme {example}"),
        example=f'[] mg:scheme identifier-scheme:{scheme} ; mg:value "{example}" .',
        edits=[] if right is None else edit_object(facts, triple, f'"{right}"'),
    )


def _address(
    context: Context, facts: FileFacts, node: Node, value: str, scheme: str
) -> Iterator[Finding]:
    """Yield a finding where the IRI of an identifier is that of another one."""
    for triple in facts.by_subject[node]:
        iri = triple.object
        if triple.predicate != mg("identifierIRI") or not isinstance(iri, NamedNode):
            continue
        # Registers write the number last, some in another case, some with a slash behind it.
        if not iri.value.rstrip("/").lower().endswith(value.lower()):
            yield context.finding(
                "identifier-iri",
                (
                    f"The address <{iri.value}> is not that of {scheme} “{value}”.",
                    f"L’adresse <{iri.value}> n’est pas celle de {scheme} « {value} ».",
                ),
                focus=node,
                predicate=triple.predicate,
                value=iri,
                place=facts.positions.object_at(triple),
                expected=(f"an address that ends in {value}", f"une adresse qui finit par {value}"),
            )


def _m49(context: Context, facts: FileFacts, node: Node) -> Iterator[Finding]:
    for triple in facts.by_subject[node]:
        if triple.predicate != mg("m49") or not isinstance(triple.object, Literal):
            continue
        value = triple.object.value
        slug = node.value.removeprefix(_PLACES + "m49-")
        wanted = slug if slug != node.value and fits_form("m49", slug) else None
        if is_valid("m49", value) and wanted in (None, value):
            continue
        right = mended("m49", value) or wanted
        edits: list[Edit] = []
        if right is not None and wanted in (None, right):
            edits = edit_object(facts, triple, f'"{right}"')
        yield context.finding(
            "m49",
            (
                f"“{value}” is not the M49 code of this place: three digits, with the zeros in "
                "front.",
                f"« {value} » n’est pas le code M49 de ce lieu : trois chiffres, zéros initiaux "
                "compris.",
            ),
            focus=node,
            predicate=triple.predicate,
            value=triple.object,
            place=facts.positions.object_at(triple),
            expected=(f'"{right or "012"}"', f'"{right or "012"}"'),
            example='place:dza mg:m49 "012" .',
            edits=edits,
        )


def _country(context: Context, facts: FileFacts, node: Node) -> Iterator[Finding]:
    for triple in facts.by_subject[node]:
        if triple.predicate != mg("isoAlpha3") or not isinstance(triple.object, Literal):
            continue
        value, slug = triple.object.value, node.value.removeprefix(_PLACES)
        if value.lower() != slug:
            right = slug.upper() if len(slug) == 3 else None
            yield context.finding(
                "country-code",
                (
                    f"The alpha-3 code is {value}, and the name of the country says {slug}.",
                    f"Le code alpha-3 est {value}, et le nom du pays dit {slug}.",
                ),
                focus=node,
                predicate=triple.predicate,
                value=triple.object,
                place=facts.positions.object_at(triple),
                expected=None if right is None else (f'"{right}"', f'"{right}"'),
                example='place:mar mg:isoAlpha3 "MAR" .',
                edits=[] if right is None else edit_object(facts, triple, f'"{right}"'),
            )
