"""The form for a record, read: a new file for each graph, in Turtle, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal

from migov import drafting
from migov.catalogue.parameters import day_of
from migov.dataset import graph_iri
from migov.drafting import Part, Participation
from migov.engine import select
from migov.entities import instances_of
from migov.entities.sparql import values as listed
from migov.errors import ParameterError
from migov.vocabulary import CONCEPT, ID, NS, compact
from migov.web.record_form import Question, RecordForm, Section, record_form
from migov.web.record_values import Said, Values
from migov.web.request import languages
from migov.web.shape_fields import ShapeField
from migov.web.site import state
from migov.web.translation import translated
from migov.words import folded

_SHORT: Final = re.compile(r"[a-z]+/[a-z0-9-]+")
_ABOUT: Final = Question("about", "entity", "about", "", ShapeField("", of=(NS + "Initiative",)))
_PERSON: Final = re.compile(r"(?<![\w:])person:[1-9][0-9]*(?![\w:])")
_TEXTS: Final = {
    "name": "skos:prefLabel",
    "record": "skos:prefLabel",
    "summary": "dcterms:abstract",
}
_CERTAIN: Final = "stated"
_LONGEST_SLUG: Final = 80
"""Letters of a name for addresses and files, in which it may stand four times over."""


@dataclass(frozen=True, slots=True)
class Draft:
    """New files by their paths, the record first, and where on the page what they say was written.

    `heads` has the control to look at for an IRI that is wrong as a whole.
    """

    path: str
    files: Mapping[str, str]
    said: tuple[Said, ...]
    heads: Mapping[str, str]

    @property
    def text(self) -> str:
        """All files as one TriG document."""
        return "\n".join(
            f"{head}\nGRAPH <> {{\n{text}}}\n"
            for head, text in (_parted(path, text) for path, text in self.files.items())
        )


def read(values: Values) -> Draft | None:
    """Return what the form makes, or None, with what is wrong noted in the values."""
    return _Reader(values, record_form()).draft()


class _Reader:
    """One form that is read: what it is about, and what is known of that."""

    def __init__(self, values: Values, form: RecordForm) -> None:
        self._values = values
        self._form = form
        self._language = "fr" if values.one("language") == "fr" else "en"
        publisher = form.record("dcterms-publisher")
        document = form.record("mg-sourceDocument")
        self._publisher = values.slug(publisher, "publisher") or ""
        self._document = values.slug(document, "document") or ""
        self._about = values.slug(_ABOUT, "about")
        named = values.one("record-en") if self._about else values.one("name-en")
        self._slug = values.one("slug") or _short(drafting.slug_of(named or ""))
        self._subject = self._about or self._slug
        self._path = f"data/records/{self._publisher}/{self._slug}.ttl"
        self._known = self._what_is_known()
        self._heads = {
            f"{ID}initiative/{self._subject}": "about" if self._about else "name-en",
            graph_iri(self._path): "record-en",
        }

    def draft(self) -> Draft | None:
        self._needed()
        people = list(self._people())
        filed = list(self._pairs(self._form.filed, graph_iri(self._path)))
        asked = [each for group in self._form.facts.values() for each in group]
        facts = list(self._pairs(asked, f"{ID}initiative/{self._subject}"))
        roles = list(self._roles())
        parts = [
            part
            for section in self._form.sections.values()
            if section.key not in ("participation", "person")
            for part in self._parts(section)
        ]
        given = self._texts()
        locators = {name: self._lines(name) for name in ("lines", "at")}
        if self._values.wrong:
            return None
        said = [*filed, *(pair for part in parts for pair in part.pairs), *(r.actor for r in roles)]
        try:
            text = drafting.record(
                self._known,
                self._publisher,
                self._slug,
                about=self._about,
                document=self._document,
                lines=locators["lines"] or "",
                at=locators["at"],
                kind=self._values.one("type") if self._about is None else None,
                title=self._values.one("title"),
                language=self._language,
                start=self._values.one("start"),
                end=self._values.one("end"),
                texts=given,
                filed=filed,
                facts=facts,
                participations=roles,
                parts=parts,
                people={name for each in said for name in _PERSON.findall(_unquoted(each))},
            )
        except ParameterError as error:  # what no control is to blame for alone
            self._values.complain("slug", error.message)
            return None
        files = {self._path: text, **dict(people)}
        return Draft(
            self._path,
            {path: _headed(path, body) for path, body in files.items()},
            tuple(self._values.said),
            self._heads,
        )

    def _what_is_known(self) -> drafting.Known:
        """Return which of the things that matter here the graph has."""
        engine, names = state().house, (f"initiative/{self._slug}", f"initiative/{self._about}",
                                        f"actor/{self._publisher}")  # fmt: skip
        iris = [ID + name for name in names if _SHORT.fullmatch(name)]
        iris += [graph_iri(self._path)] if drafting.SLUG.fullmatch(self._slug) else []
        rows = select(engine, f"SELECT DISTINCT ?s {{ {listed('s', iris)} ?s ?p ?o }}")
        counted = select(engine, f"SELECT ?s ?n {{ ?s <{NS}lineCount> ?n }}")
        types = instances_of(engine, CONCEPT + "initiative-type", languages())
        counts = {row["s"].value: int(row["n"].value) for row in counted}
        own = [row["s"].value for row in rows]
        self._is_there = graph_iri(self._path) in own
        people = [row["s"].value for row in select(engine, f"SELECT ?s {{ ?s a <{NS}Person> }}")]
        return drafting.Known({*own, *people, *(entry.iri for entry in types), *counts}, counts)

    def _needed(self) -> None:
        """Note which of the first questions are without an answer, or have one that is none."""
        values = self._values
        for control in ("publisher", "document", "lines"):
            if not values.one(control):
                values.complain(control, translated("A record needs this."))
        if not self._slug:
            named = "record-en" if self._about else "name-en"
            values.complain(named, translated("A name of the file is made from this: fill it in."))
        elif len(self._slug) > _LONGEST_SLUG:
            message = translated("A short name has up to {most} characters.", most=_LONGEST_SLUG)
            values.complain("slug", message)
        elif not drafting.SLUG.fullmatch(self._slug):
            values.complain("slug", translated("Use lower-case letters, digits and hyphens alone."))
        elif self._is_there:
            values.complain(*self._taken(translated("This publisher has a record of this name.")))
        elif self._about is None and self._known.has("initiative", self._slug):
            values.complain(*self._taken(translated("An initiative of this short name exists.")))
        kind = values.one("type") if self._about is None else None
        if kind and not self._known.has_concept("initiative-type", kind):
            values.complain("type", translated("“{value}” is not in the list.", value=kind[:80]))
        for control in ("start", "end"):
            stated = values.one(control)
            if stated and day_of(stated, "earliest") is None:
                message = translated("Write a date as stated: 2019, 2019-06 or 2019-06-30.")
                values.complain(control, message)
            for name in ("Date", "Earliest", "Latest"):
                self._say(control, f"mg:{control}{name}", stated)

    def _taken(self, message: str) -> tuple[str, str]:
        """Return where a name that is taken was written, and what to do about it."""
        control = "slug" if self._values.one("slug") or not self._about else "record-en"
        return control, message

    def _texts(self) -> dict[str, str]:
        subjects = {
            "name": f"{ID}initiative/{self._subject}",
            "record": graph_iri(self._path),
            "summary": graph_iri(self._path),
        }
        given = {name: text for name in drafting.TEXTS if (text := self._values.one(name))}
        for name in drafting.TEXTS:
            what, _, tag = name.partition("-")
            path = _TEXTS[what]
            self._values.said.append(
                Said(name, subjects[what], path, given.get(name, ""), language=tag)
            )
        self._say("title", "dcterms:title", self._values.one("title"))
        return given

    def _say(self, control: str, path: str, value: str | None) -> None:
        iri = f"{ID}initiative/{self._subject}"
        self._values.said.append(Said(control, iri, path, value or ""))

    def _lines(self, control: str) -> str | None:
        """Return the lines of a control without the document, checked."""
        found = self._values.lines(self._known, self._document, control)
        path = "mg:extent" if control == "lines" else "mg:locator"
        self._values.said.append(Said(control, graph_iri(self._path), path, found or ""))
        return found.partition(":")[2] if found else None

    def _people(self) -> Iterator[tuple[str, str]]:
        """Yield the files of people who are new here, and have their names understood."""
        number = int(self._known.next_number("person", 1))
        section = self._form.sections["person"]
        for row in self._values.rows(section):
            control = f"person-{row}-name"
            name = self._values.one(control) or ""
            key = folded(name)
            if not key or key in self._values.people:
                continue
            known = state().terms.named(name, NS + "Person")
            if known:
                message = translated("{name} is there already.", name=compact(known[0]))
                self._values.complain(control, message)
                continue
            self._values.people[key] = f"person:{number}"
            self._heads[f"{ID}person/{number}"] = control
            path = f"data/people/{number}.ttl"
            self._heads[graph_iri(path)] = control
            text = drafting.person(self._known, str(number), name, self._language)
            yield path, text
            number += 1

    def _pairs(self, asked: Iterable[Question], focus: str) -> Iterator[str]:
        """Yield what is said by questions that take any number of answers."""
        for question in asked:
            terms = []
            for value in self._values.many(question.key):
                term = self._values.term(question, question.key, value, self._language)
                if term:
                    terms.append(term)
                    said = Said(question.key, focus, compact(question.field.path), value)
                    self._values.said.append(said)
            if terms:
                yield f"{compact(question.field.path)} {' , '.join(dict.fromkeys(terms))}"

    def _roles(self) -> Iterator[Participation]:
        section = self._form.sections["participation"]
        told: set[tuple[str, str]] = set()
        for row in self._values.rows(section):
            terms = self._row(section, row)
            if not {"mg-actor", "mg-role"} <= terms.keys():
                continue
            if (pair := (terms["mg-actor"], terms["mg-role"])) in told:
                control = section.control(row, section.questions[0])
                self._values.complain(
                    control, translated("This actor has this role above already.")
                )
            told.add(pair)
            found = Participation(
                terms["mg-actor"],
                terms["mg-role"].rpartition(":")[2],
                terms.get("mg-certainty", _CERTAIN).rpartition(":")[2],
                self._values.one(f"participation-{row}-mg-wording"),
                self._language,
                terms.get("mg-locator"),
            )
            name = found.name(self._publisher, self._slug, self._subject)
            self._row_is(section, row, f"{ID}{name.replace(':', '/', 1)}")
            yield found

    def _parts(self, section: Section) -> Iterator[Part]:
        """Yield what a section of the form describes."""
        numbers = self._numbers(section)
        for row in self._values.rows(section):
            terms = self._row(section, row)
            number = next(numbers)
            kind = section.kind
            stem = f"{self._subject}-{number}"
            name = f"{kind}:{stem}" if kind else f"_:{section.key}-{number}"
            self._row_is(section, row, f"{ID}{kind}/{stem}" if kind else None)
            certainty = terms.pop("mg-certainty", _CERTAIN).rpartition(":")[2]
            yield Part(
                compact(section.link),
                name,
                tuple(self._described(section, terms)),
                terms.get("mg-locator"),
                None if certainty == _CERTAIN else certainty,
                section.of_record,
            )

    def _described(self, section: Section, terms: Mapping[str, str]) -> Iterator[str]:
        """Yield the predicates of a part with their objects; what is still to write is a blank."""
        yield f"a {compact(section.class_)}"
        if "label-en" in {each.key for each in section.questions}:
            pair = [
                terms.get(f"label-{tag}") or drafting.text_of(None, f"the name, in {name}", tag)
                for tag, name in (("en", "English"), ("fr", "French"))
            ]
            yield f"skos:prefLabel {pair[0]} , {pair[1]}"
        for question in section.questions:
            if question.key.startswith("label-") or question.kind == "lines":
                continue
            term = terms.get(question.key)
            if term is None and question.is_needed and question.kind in ("text", "note"):
                language = self._language if question.kind == "text" else languages()[0]
                term = drafting.text_of(None, question.label, language)
            if term is not None and question.key != "mg-certainty":
                yield f"{compact(question.field.path)} {term}"

    def _row(self, section: Section, row: int) -> dict[str, str]:
        """Return what a row says, by the keys of its questions; what it lacks is noted."""
        terms: dict[str, str] = {}
        for question in section.questions:
            control = section.control(row, question)
            if question.kind == "lines":
                found = self._values.lines(self._known, self._document, control)
            else:
                value = self._values.one(control)
                if value is None:
                    if question.is_needed and question.key != "mg-certainty":
                        self._missing(question, control)
                    continue
                language = question.language or self._language
                found = self._values.term(question, control, value, language)
            if found:
                terms[question.key] = found
        return terms

    def _missing(self, question: Question, control: str) -> None:
        if question.kind not in ("text", "note"):  # texts may be written later
            self._values.complain(control, translated("Fill this in, or empty the others."))

    def _row_is(self, section: Section, row: int, iri: str | None) -> None:
        """Note what the controls of a row say of which thing."""
        for question in section.questions:
            control = section.control(row, question)
            value = self._values.one(control) or ""
            path = compact(question.field.path) if question.field.path else "skos:prefLabel"
            said = Said(control, iri, path, value, question.language)
            self._values.said.append(said)
        if iri is not None:
            self._heads[iri] = section.control(row, section.questions[0])

    def _numbers(self, section: Section) -> Iterator[int]:
        """Yield numbers that no thing of this initiative's has yet."""
        taken: set[str] = set()
        if section.kind and self._about and drafting.SLUG.fullmatch(self._about):
            begun = Literal(f"{ID}{section.kind}/{self._about}-")
            own = f"?s a <{section.class_}> FILTER(STRSTARTS(STR(?s), {begun}))"
            rows = select(state().house, f"SELECT DISTINCT ?s {{ {own} }}")
            taken = {row["s"].value.removeprefix(begun.value) for row in rows}
        number = 0
        while True:
            number += 1
            if str(number) not in taken:
                yield number


def _short(slug: str) -> str:
    """Return as many words of a slug as fit.

    >>> _short("a" * 79 + "-bc"), _short("b" * 90)[:3]
    ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbb')
    """
    if len(slug) <= _LONGEST_SLUG:
        return slug
    return slug[: _LONGEST_SLUG + 1].rpartition("-")[0] or slug[:_LONGEST_SLUG]


def _headed(path: str, body: str) -> str:
    schemes = [name for name, iri in state().prefixes.items() if iri.startswith(CONCEPT)]
    return drafting.prefixes(path, body, schemes) + "\n" + body


def _parted(path: str, text: str) -> tuple[str, str]:
    """Return the directives and the rest of a file."""
    head, _, rest = text.partition("\n\n")
    return head, rest


def _unquoted(pair: str) -> str:
    """Return a predicate with its objects without its texts, in which anything may stand."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', pair)
