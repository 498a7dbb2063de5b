"""New files of actors, instruments, documents and people."""

from __future__ import annotations

from migov.drafting.known import Known
from migov.drafting.texts import curated, labels, text_of


def actor(known: Known, slug: str, kind: str, name_en: str | None, name_fr: str | None) -> str:
    """Return an organisation."""
    known.free("actor", slug)
    pairs = [
        f"actor:{slug} a mg:Organisation",
        labels("skos:prefLabel", "the name of the organisation", name_en, name_fr),
    ]
    if kind:
        pairs.append(f"dcterms:type actor-type:{known.concept('actor-type', kind)}")
    head = curated(f"Actor: {name_en or slug}", f"Acteur : {name_fr or name_en or slug}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"


def instrument(known: Known, slug: str, name_en: str | None, name_fr: str | None) -> str:
    """Return an instrument that sources refer to."""
    known.free("instrument", slug)
    pair = labels("skos:prefLabel", "the name of the instrument", name_en, name_fr)
    names = name_en or slug, name_fr or name_en or slug
    return (
        f"{curated(f'Instrument: {names[0]}', f'Instrument : {names[1]}')}\n\n"
        f"instrument:{slug} a mg:ExternalInstrument ; {pair} .\n"
    )


def document(
    known: Known, number: str, publisher: str, language: str, sha256: str, lines: int
) -> str:
    """Return the description of a source document."""
    pairs = [
        f"document:{known.free('document', number)} a mg:SourceDocument",
        labels("skos:prefLabel", "the name of the document"),
        labels("dcterms:title", "the name of the document again"),
        f'dcterms:identifier "{number}"',
        f"dcterms:publisher actor:{known.taken('actor', publisher)}",
        f'dcterms:language "{language}"',
        f'mg:sha256 "{sha256}"',
        f"mg:lineCount {lines}",
    ]
    head = curated(f"Source document {number}", f"Document source {number}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"


def person(known: Known, number: str, name: str | None = None, language: str = "en") -> str:
    """Return a person, by the name that a source in a language gives, if it is known."""
    pairs = [
        f"person:{known.free('person', number)} a mg:Person",
        labels("skos:prefLabel", "the name to show", name, name),
        f"mg:name {text_of(name, 'the name as the source gives it', language)}",
    ]
    head = curated(f"Person {number}", f"Personne {number}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"
