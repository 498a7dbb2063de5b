"""What the form for a record asks, made from the shapes: questions, sections, what to pick from."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from migov.engine import Engine, select
from migov.entities import instances_of, short_name
from migov.entities.sparql import values
from migov.vocabulary import CONCEPT, NS, STANDARD_PREFIXES, compact
from migov.web.request import languages
from migov.web.responses import names_of
from migov.web.shape_fields import Kind, ShapeField, Shapes
from migov.web.site import State, state
from migov.web.translation import translated

_DCTERMS, _SKOS, _FOAF = (STANDARD_PREFIXES[name] for name in ("dcterms", "skos", "foaf"))
_ELSEWHERE: Final = {
    *(_DCTERMS + name for name in ("type", "title", "language", "description", "abstract")),
    *(NS + name for name in ("within", "servesPlace", "startPlace", "locatedIn", "name")),
    _SKOS + "prefLabel",
    _FOAF + "page",
}
"""What the form asks for by itself, and what is said of places, offices and events."""
_FILED: Final = (NS + "listedUnder", NS + "submitter", _FOAF + "page")
"""What is said of a record itself, where there is something to say."""
_CERTAINTY: Final = NS + "certainty"
_LISTED: Final = 500
"""Things that a list to pick from may have; names of more are written."""
_FIRST: Final[dict[Kind | None, int]] = {"concept": 0, "entity": 2, "note": 3, "address": 4}
"""The order of questions that are alike needed; 1 for the others."""
_XSD_STRING: Final = STANDARD_PREFIXES["xsd"] + "string"
_LINES: Final = ShapeField(NS + "locator")
_LANG_STRING: Final = STANDARD_PREFIXES["rdf"] + "langString"

Group = Literal["names", "concepts", "places", "links", "numbers"]
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that the form asks for: the name of its control, and what people read beside it.

    The control of a question of a section has the number of the row and the section before this
    key. `is_needed` says that a row cannot do without it.
    """

    key: str
    kind: Kind
    label: str
    hint: str
    field: ShapeField
    is_needed: bool = False
    is_long: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What can be described as often as a source has it: participations, outputs, budgets.

    `kind` is what the IRIs begin with after `id/`, None for nodes without one. With `of_record` it
    is said of the record, not of the initiative.
    """

    key: str
    link: str
    class_: str
    kind: str | None
    title: str
    hint: str
    questions: tuple[Question, ...]
    of_record: bool = False

    def control(self, row: int, question: Question) -> str:
        """Return the name of a control."""
        return f"{self.key}-{row}-{question.key}"


class RecordForm:
    """The form in one language, over one state of the graph and the shapes."""

    def __init__(self, of: State, preferred: tuple[str, ...]) -> None:
        self._engine: Engine = of.house
        self._shapes = Shapes(of.shapes, preferred)
        self._preferred = preferred
        self._options: dict[tuple[str, ...], Options] = {}
        self._names = names_of(self._paths())
        self._definitions = self._defined()

    def record(self, key: str) -> Question:
        """Return a question about the record itself by the key of its field."""
        return self._of_record[key]

    @cached_property
    def filed(self) -> list[Question]:
        """What else can be said of a record."""
        return [self._of_record[_key(path)] for path in _FILED]

    @cached_property
    def facts(self) -> dict[Group, list[Question]]:
        """What can be said of an initiative beside its names, type and dates, in groups."""
        found: dict[Group, list[Question]] = {
            "names": [],
            "concepts": [],
            "places": [],
            "links": [],
            "numbers": [],
        }
        acronym = ShapeField(NS + "acronym", datatype=_XSD_STRING)
        for field in self._fields("Initiative", "Entity"):
            if field.kind is not None and field.path not in _ELSEWHERE:
                found[_group(field)].append(self._question(field))
        found["names"].insert(0, self._question(acronym))
        found["concepts"].sort(key=lambda each: each.label.casefold())
        return found

    @cached_property
    def sections(self) -> dict[str, Section]:
        """What can be described as often as a source has it, participations first."""
        first = self._participations()
        parts = [
            self._section(field)
            for field in self._fields("Initiative", "Entity")
            if field.kind is None and len(field.of) == 1
        ]
        found = [each for each in parts if each is not None]
        people = Section(
            "person",
            NS + "Person",
            NS + "Person",
            "person",
            translated("Somebody who is new here"),
            translated("Write the same name where somebody is asked for."),
            (self._written("name", translated("Name, as the source gives it"), needed=True),),
        )
        filed = [
            replace(each, key="filed", title=translated("Its identifier there"), of_record=True)
            for each in found
            if each.link == NS + "identifier"
        ]
        ordered = sorted(found, key=lambda each: each.title.casefold())
        return {each.key: each for each in (first, *filed, *ordered, people)}

    def options(self, of: tuple[str, ...]) -> Options:
        """Return what there is to pick of classes or schemes: (short name, label), by label."""
        if of not in self._options:
            self._options[of] = tuple(
                (short_name(entry.iri), entry.label.text)
                for each in of
                for entry in instances_of(self._engine, each, self._preferred)
            )
        return self._options[of]

    def list_of(self, of: tuple[str, ...]) -> str:
        """Return the id of the list of what there is to pick, empty where that is too much."""
        return _list_id(of) if len(self.options(of)) <= _LISTED else ""

    @property
    def lists(self) -> dict[str, Options]:
        """The lists that controls pick from, by their ids on the page."""
        asked = [
            *(each for group in self.facts.values() for each in group),
            *(each for section in self.sections.values() for each in section.questions),
            *self.filed,
            self.record("dcterms-publisher"),
        ]
        classes = {each.field.of for each in asked if each.kind == "entity"}
        classes.add((NS + "Initiative",))
        return {id: self.options(of) for of in sorted(classes) if (id := self.list_of(of))}

    @cached_property
    def _of_record(self) -> dict[str, Question]:
        fields = self._fields("SourceRecord", "Entity")
        kept = {*_FILED, _DCTERMS + "publisher", NS + "sourceDocument", NS + "locator"}
        found = {each.key: self._question(each) for each in fields if each.path in kept}
        for name in ("dcterms-language", "mg-extent"):
            field = next(each for each in fields if each.key == name)
            found[name] = replace(self._question(replace(field, is_free=True)), kind="string")
        return found

    def _participations(self) -> Section:
        described = self._shapes.described(NS + "Participation")
        assert described is not None
        order = ("actor", "role", "wording", "locator", "certainty")
        by_path = {each.path: each for each in described.fields}
        questions = [self._question(by_path[NS + name]) for name in order]
        # Its lines are those of the record unless it says so, and it is stated unless it says so.
        questions = [self._lines() if each.kind == "lines" else each for each in questions]
        return Section(
            "participation",
            NS + "participationIn",
            NS + "Participation",
            "participation",
            translated("Participation"),
            "",
            tuple(questions),
        )

    def _section(self, field: ShapeField) -> Section | None:
        """Return the section for what a property leads to, None without a shape for it."""
        described = self._shapes.described(field.of[0])
        if described is None:
            return None
        questions: list[Question] = []
        if self._shapes.has_labels(described.class_):
            questions += [
                self._written("label-en", translated("Name, in English"), "en", needed=True),
                self._written("label-fr", translated("Name, in French"), "fr", needed=True),
            ]
        asked = [each for each in described.fields if each.kind is not None]
        asked.sort(key=lambda each: (-each.least, _FIRST.get(each.kind, 1)))
        questions += map(self._question, asked)
        if described.kind and not any(each.kind == "text" for each in asked):
            wording = ShapeField(NS + "wording", datatype=_LANG_STRING)
            questions.append(self._question(wording))
        if described.kind or field.path == NS + "budget":
            certainty = ShapeField(_CERTAINTY, of=(CONCEPT + "certainty",))
            questions += [self._lines(), self._question(certainty)]
        asked_for = self._question(replace(field, is_free=True))
        return Section(
            field.key,
            field.path,
            described.class_,
            described.kind,
            asked_for.label,
            asked_for.hint,
            tuple(questions),
        )

    def _fields(self, *shapes: str) -> list[ShapeField]:
        return [field for shape in shapes for field in self._shapes.fields(shape)]

    def _question(self, field: ShapeField) -> Question:
        kind = field.kind or "note"
        label = field.name or self._names.label(field.path).text
        return Question(
            field.key,
            kind,
            label[:1].upper() + label[1:],
            field.hint or self._definitions.get(field.path, ""),
            field,
            field.least > 0,
            field.path == NS + "text",
        )

    def _lines(self) -> Question:
        """Return the question for the lines of one thing, where they are not the record's."""
        hint = translated("Where they are others than those of the record.")
        return Question("mg-locator", "lines", translated("Source lines"), hint, _LINES)

    def _written(
        self, key: str, label: str, language: str | None = None, *, needed: bool = False
    ) -> Question:
        return Question(key, "text", label, "", ShapeField(""), needed, language=language)

    def _paths(self) -> list[str]:
        classes = ("MonetaryAmount", "Output", "Objective", "Quotation", "ExternalIdentifier")
        described = [self._shapes.described(NS + name) for name in (*classes, "Participation")]
        fields = [
            *self._fields("Initiative", "Entity", "SourceRecord"),
            *(field for each in described if each is not None for field in each.fields),
        ]
        own = (NS + "acronym", NS + "wording", NS + "locator", _CERTAINTY, NS + "extent")
        return [*dict.fromkeys((*(each.path for each in fields), *own))]

    def _defined(self) -> dict[str, str]:
        """Return what each property means, in the language of the page, where it is defined."""
        rows = select(
            self._engine,
            f"SELECT ?s ?text {{ {values('s', self._paths())} "
            f"?s <{_SKOS}definition> ?text FILTER(LANG(?text) = '{self._preferred[0]}') }}",
        )
        return {row["s"].value: row["text"].value for row in rows}


_kept: dict[tuple[str, str], RecordForm] = {}
_making: Final = threading.Lock()


def record_form() -> RecordForm:
    """Return the form for the state and the language of this request, made once for both."""
    now = state()
    key = now.version, languages()[0]
    with _making:
        if key not in _kept:
            for old in [each for each in _kept if each[0] != now.version]:
                del _kept[old]
            _kept[key] = RecordForm(now, languages())
        return _kept[key]


def _list_id(of: Iterable[str]) -> str:
    return "l-" + "-".join(each.rpartition("#")[2].rpartition("/")[2] for each in of)


def _key(path: str) -> str:
    return compact(path).replace(":", "-")


def _group(field: ShapeField) -> Group:
    if field.kind == "concept":
        return "concepts"
    if field.kind == "text":
        return "names"
    if field.kind == "number":
        return "numbers"
    is_place = {NS + "Place", NS + "Corridor"}.issuperset(field.of)
    return "places" if is_place else "links"
