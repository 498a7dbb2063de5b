"""Literals whose text does not fit their datatype or their language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.gate.checks.context import Context, edit_object, named
from migov.gate.checks.state import FileFacts
from migov.gate.checks.xsd import fits, mended
from migov.gate.report import Edit, Finding, Severity
from migov.gate.structure import BLANK
from migov.vocabulary import STANDARD_PREFIXES

_XSD: Final = STANDARD_PREFIXES["xsd"]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ISO_639_1: Final = _set(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy "
    "da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu "
    "hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb "
    "lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om "
    "or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw "
    "ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_MISTAKEN: Final = {
    "eng": "en", "gb": "en", "us": "en", "fra": "fr", "fre": "fr", "spa": "es", "sp": "es",
    "ara": "ar", "deu": "de", "ger": "de",
}  # fmt: skip
_WORDS: Final = {
    "en": _set("the of and for with by in to from on that which is are their its"),
    "fr": _set("le la les des du de et pour avec dans par sur au aux une est leur"),
    "es": _set("el los las del y para con por una que entre sus"),
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ÿ]")


def check(context: Context) -> Iterator[Finding]:
    """Yield the literals of the touched files that do not fit what they are said to be."""
    for facts in context.files:
        for triple in facts.triples:
            value = triple.object
            if not isinstance(value, Literal) or value.value.startswith(BLANK):
                continue
            if value.language is None and not fits(value.value, value.datatype.value):
                yield _ill_typed(context, facts, triple, value)
            elif value.language is not None:
                yield from _language(context, facts, triple, value)


def _ill_typed(context: Context, facts: FileFacts, triple: Triple, value: Literal) -> Finding:
    datatype = value.datatype.value
    meant = mended(value.value, datatype)
    en, fr = "", ""
    edits: list[Edit] = []
    if meant is not None:
        name = named(meant[1])
        en = f' Did you mean "{meant[0]}"^^{name}?'
        fr = f' Vouliez-vous dire "{meant[0]}"^^{name} ?'
        edits = _rewritten(facts, triple, value, meant)
    return context.finding(
        "ill-typed",
        (
            f"“{value.value}” is not a value of {named(datatype)}.{en}",
            f"« {value.value} » n’est pas une valeur de {named(datatype)}.{fr}",
        ),
        focus=_subject(triple),
        predicate=triple.predicate,
        value=value,
        place=facts.positions.object_at(triple),
        expected=(f"a value of {named(datatype)}", f"une valeur de {named(datatype)}"),
        edits=edits,
    )


def _rewritten(
    facts: FileFacts, triple: Triple, value: Literal, meant: tuple[str, str]
) -> list[Edit]:
    written = facts.positions.written(triple)
    quoted, mark, datatype = (written or "").rpartition("^^")
    if not mark or quoted.count(value.value) != 1:
        return []
    if meant[1] != value.datatype.value:
        old = value.datatype.value.removeprefix(_XSD)
        if not datatype.rstrip(">").endswith(old):
            return []
        datatype = datatype.replace(old, meant[1].removeprefix(_XSD))
    return edit_object(facts, triple, f"{quoted.replace(value.value, meant[0])}^^{datatype}")


def _language(
    context: Context, facts: FileFacts, triple: Triple, value: Literal
) -> Iterator[Finding]:
    tag = value.language or ""
    primary = tag.partition("-")[0].lower()
    meant = _MISTAKEN.get(primary)
    if len(primary) <= 3 and primary not in _ISO_639_1 and (meant or len(primary) == 2):
        en = f"“{tag}” is not a language tag.{f' Did you mean “{meant}”?' if meant else ''}"
        fr = f"« {tag} » n’est pas une étiquette de langue."
        fr += f" Vouliez-vous dire « {meant} » ?" if meant else ""
        severity = Severity.VIOLATION
    else:
        meant = _other_language(value.value, primary)
        if meant is None:
            return
        en = f"The text is tagged “{tag}” and reads like “{meant}”."
        fr = f"Le texte porte l’étiquette « {tag} » et semble être en « {meant} »."
        severity = Severity.WARNING
    yield context.finding(
        "language-tag",
        (en, fr),
        severity=severity,
        focus=_subject(triple),
        predicate=triple.predicate,
        value=value,
        place=facts.positions.object_at(triple),
        expected=None if meant is None else (f"@{meant}", f"@{meant}"),
        edits=[] if meant is None else retagged(facts, triple, meant),
    )


def retagged(facts: FileFacts, triple: Triple, tag: str) -> list[Edit]:
    """Return the edit that gives a literal another language tag, or one if it has none."""
    written = facts.positions.written(triple)
    if written is None:
        return []
    found = re.search(r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*$", written)
    text = written[: found.start()] if found else written
    return edit_object(facts, triple, f"{text}@{tag}")


def _other_language(text: str, tagged: str) -> str | None:
    """Return the language that a text reads like, if it is surely another than that of its tag."""
    if tagged == "ar":
        return None if _ARABIC.search(text) or not _LATIN.search(text) else "en"
    if _ARABIC.search(text) and not _LATIN.search(text) and tagged in _WORDS:
        return "ar"
    if tagged not in _WORDS:
        return None
    words = {word.lower() for word in _WORD.findall(text)}
    counts = {language: len(words & known) for language, known in _WORDS.items()}
    if counts.pop(tagged):
        return None
    best = max(counts, key=lambda language: counts[language])
    others = [count for language, count in counts.items() if language != best]
    return best if counts[best] >= 3 and counts[best] > max(others) + 1 else None


def _subject(triple: Triple) -> NamedNode | None:
    return triple.subject if isinstance(triple.subject, NamedNode) else None
