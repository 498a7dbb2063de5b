"""People are separable: their names stand in data/people alone, their addresses nowhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.gate.checks.context import Context, named
from migov.gate.checks.state import FileFacts, State, mg, std
from migov.gate.report import Finding
from migov.gate.structure import BLANK
from migov.vocabulary import ID

FOLDER: Final = "data/people/"
_PERSON: Final = ID + "person/"
_NAMES: Final = {mg("name"), std("skos", "prefLabel"), std("skos", "altLabel"), std("foaf", "name"),
                 std("schema", "name"), std("dcterms", "title")}  # fmt: skip
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(
    r"(?<![\w.])(?:\+\s?[1-9]\d{0,2}(?:[\s.\-()/\u00a0]*\d){7,12}|0[1-9](?:[\s.\-\u00a0]\d{2}){4})(?!\w)"
)
_WORD: Final = re.compile(r"[^\W\d_]+")


def check(context: Context) -> Iterator[Finding]:
    """Yield the data about people that stand outside their graphs, and addresses anywhere."""
    known = set(_known_names(context.after))
    fresh = known - set(_known_names(context.before)) if context.before.files else known
    searched = {facts.path for facts in context.files}
    for facts in context.files:
        yield from _addresses(context, facts)
        if not facts.path.startswith(FOLDER):
            yield from _described(context, facts)
            yield from _named(context, facts, known)
    if context.before.files and fresh:  # a new name may stand in a file that stays as it is
        for facts in context.after.all_facts():
            if facts.path not in searched and not facts.path.startswith(FOLDER):
                yield from _named(context, facts, fresh)


def folded(text: str) -> str:
    """Return a text without case, accents and signs, words apart by one space.

    >>> folded("Camille SAADÉ-Ruiz")
    'camille saade ruiz'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_WORD.findall(plain))


def _known_names(state: State) -> Iterator[str]:
    """Yield the names of people, folded; a single word could be anything."""
    for path in state.paths:
        if path.startswith(FOLDER):
            for triple in state.facts(path).triples:
                if _is_person(triple.subject) and triple.predicate in _NAMES:
                    text = triple.object.value if isinstance(triple.object, Literal) else ""
                    name = folded(text)
                    if not text.startswith(BLANK) and name.count(" ") >= 1:
                        yield name


def _is_person(term: object) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(_PERSON)


def _described(context: Context, facts: FileFacts) -> Iterator[Finding]:
    for triple in facts.triples:
        if _is_person(triple.subject) and isinstance(triple.object, Literal):
            name = named(str(triple.subject)[1:-1])
            yield _finding(
                context,
                facts,
                triple,
                "person-described",
                (
                    f"{name} is described outside data/people. Records "
                    "give a person a class and a number; the rest belongs in data/people.",
                    f"{name} est décrit hors de data/people. Les fiches "
                    "donnent à une personne une classe et un numéro ; le reste va dans "
                    "data/people.",
                ),
            )


def _named(context: Context, facts: FileFacts, names: Iterable[str]) -> Iterator[Finding]:
    padded = [f" {name} " for name in sorted(names)]
    for triple in facts.triples:
        if not isinstance(triple.object, Literal) or _is_person(triple.subject):
            continue
        text = f" {folded(triple.object.value)} "
        if any(name in text for name in padded):
            yield _finding(
                context,
                facts,
                triple,
                "person-named",
                (
                    "A person is named here. Names stand in data/people alone: point to the "
                    "person by number, or leave the name out.",
                    "Une personne est nommée ici. Les noms ne figurent que dans data/people : "
                    "renvoyez à la personne par son numéro, ou omettez le nom.",
                ),
            )


def _addresses(context: Context, facts: FileFacts) -> Iterator[Finding]:
    for triple in facts.triples:
        value = triple.object
        if isinstance(value, NamedNode):
            text = value.value if value.value.startswith(("mailto:", "tel:")) else ""
        else:
            text = value.value if isinstance(value, Literal) else ""
        if _EMAIL.search(text) or text.startswith("mailto:"):
            yield _finding(
                context,
                facts,
                triple,
                "e-mail",
                (
                    "This is an e-mail address. Personal addresses are not published: take it out.",
                    "C’est une adresse électronique. Les adresses personnelles ne sont pas "
                    "publiées : retirez-la.",
                ),
            )
        elif _PHONE.search(text) or text.startswith("tel:"):
            yield _finding(
                context,
                facts,
                triple,
                "telephone",
                (
                    "This looks like a telephone number. Personal ones are not published: take "
                    "it out.",
                    "Cela ressemble à un numéro de téléphone. Les numéros personnels ne sont pas "
                    "publiés : retirez-le.",
                ),
            )


def _finding(
    context: Context, facts: FileFacts, triple: Triple, rule: str, messages: tuple[str, str]
) -> Finding:
    """Return a finding that does not repeat what should not be published."""
    return context.finding(
        rule,
        messages,
        focus=triple.subject if isinstance(triple.subject, NamedNode) else None,
        predicate=triple.predicate,
        place=facts.positions.object_at(triple),
    )
