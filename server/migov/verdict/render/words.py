"""The sentences that frame a verdict, in both languages, and small pieces of text."""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from migov.change.entities import EntityChange
from migov.gate.report import Finding, Severity
from migov.verdict.impact import rows_of
from migov.verdict.model import Judged, QueryImpact, Verdict
from migov.verdict.notes import shape_name
from migov.vocabulary import GRAPH, compact

_IRI: Final = re.compile(r"<([^<>\s]*)>")
SEVERITIES: Final = {
    "en": {Severity.VIOLATION: "Violation", Severity.WARNING: "Warning", Severity.INFO: "Remark"},
    "fr": {
        Severity.VIOLATION: "Violation",
        Severity.WARNING: "Avertissement",
        Severity.INFO: "Remarque",
    },
}
_COUNTED: Final = {
    "en": {
        Severity.VIOLATION: ("violation", "violations"),
        Severity.WARNING: ("warning", "warnings"),
        Severity.INFO: ("remark", "remarks"),
    },
    "fr": {
        Severity.VIOLATION: ("violation", "violations"),
        Severity.WARNING: ("avertissement", "avertissements"),
        Severity.INFO: ("remarque", "remarques"),
    },
}
WORDS: Final = {
    "en": {
        "conforms": "Conforms",
        "fails": "Does not conform",
        "change": "The change",
        "added": "added",
        "changed": "changed",
        "removed": "removed",
        "renamed": "renamed",
        "introduced": "Findings that the change introduces",
        "left": "Findings that it leaves",
        "fixed": "Findings that it fixes",
        "inference": "What follows",
        "follows": "Newly follows",
        "no-longer": "No longer follows",
        "impact": "Canned queries",
        "unchecked": "Not checked, or not in the usual way",
        "expected": "Expected",
        "example": "Example",
        "edit": "Edit",
        "excused": "Does not block",
        "baseline": "known from before (baseline)",
        "nothing-said": "The files say what they said before.",
        "nothing": "none",
        "same-answers": "{asked} questions asked: the same answers.",
        "other-answers": "{asked} questions asked, {changed} with other answers.",
        "same-inference": "The same as before.",
        "fails-now": "cannot be asked",
        "rows": "{before} → {after} {rows}",
        "laid-out": "No triple changes in {paths}: only layout, comments or unlinked pairs.",
        "left-out": "Not of the dataset, and not looked at: {paths}.",
        "more": "… and {count} more",
        "patch": "The patch",
        "delete": "take out",
    },
    "fr": {
        "conforms": "Conforme",
        "fails": "Non conforme",
        "change": "La modification",
        "added": "ajouté",
        "changed": "modifié",
        "removed": "retiré",
        "renamed": "renommé",
        "introduced": "Constats introduits par la modification",
        "left": "Constats qu’elle laisse",
        "fixed": "Constats qu’elle corrige",
        "inference": "Ce qui s’ensuit",
        "follows": "S’ensuit désormais",
        "no-longer": "Ne s’ensuit plus",
        "impact": "Requêtes enregistrées",
        "unchecked": "Non vérifié, ou pas de la manière habituelle",
        "expected": "Attendu",
        "example": "Exemple",
        "edit": "Correction",
        "excused": "N’est pas bloquant",
        "baseline": "connu de longue date (liste de départ)",
        "nothing-said": "Les fichiers disent ce qu’ils disaient.",
        "nothing": "aucun",
        "same-answers": "{asked} questions posées : mêmes réponses.",
        "other-answers": "{asked} questions posées, dont {changed} avec d’autres réponses.",
        "same-inference": "Comme avant.",
        "fails-now": "ne peut être posée",
        "rows": "{before} → {after} {rows}",
        "laid-out": (
            "Aucun triplet ne change dans {paths} : seulement la mise en page, des commentaires "
            "ou des paires sans lien."
        ),
        "left-out": "Hors du jeu de données, et non examiné : {paths}.",
        "more": "… et {count} de plus",
        "patch": "Le correctif",
        "delete": "à retirer",
    },
}


def counts(verdict: Verdict, language: str) -> str:
    """Return the numbers of introduced findings: “1 violation, 2 warnings”."""
    found = verdict.counts()
    return ", ".join(
        f"{found[severity]} {_COUNTED[language][severity][found[severity] > 1]}"
        for severity in sorted(Severity, reverse=True)
        if found[severity]
    )


def outcome(verdict: Verdict, language: str) -> str:
    """Return the first thing to know, in one line."""
    head = WORDS[language]["conforms" if verdict.conforms else "fails"]
    found = counts(verdict, language)
    return f"{head}{colon(language)} {found}." if found else f"{head}."


def colon(language: str) -> str:
    """Return the colon of a language, which French sets apart by a space."""
    return "\u00a0:" if language == "fr" else ":"


def row(text: str) -> str:
    """Return a row of an answer with short IRIs.

    >>> row('<https://w3id.org/migov/id/place/mar>\\t"Morocco"@en')
    'place:mar | "Morocco"@en'
    """
    return _IRI.sub(lambda found: short(found[1]), text).replace("\t", " | ")


def inflected(language: str, what: str, count: int) -> str:
    """Return a participle for a number of things; only French shows it."""
    word = WORDS[language][what]
    return f"{word}s" if language == "fr" and count > 1 else word


def entity_line(entity: EntityChange, language: str) -> str:
    """Return an entity by its label, with its short IRI and its triples."""
    text = f"{entity.label(language)} ({short(entity.iri)}) +{entity.added} −{entity.removed}"
    return f"{text} → {short(entity.replaced_by)}" if entity.replaced_by else text


def short(iri: str) -> str:
    """Return an IRI as people read it.

    >>> short("https://w3id.org/migov/graph/data/actors/ilo.ttl")
    'data/actors/ilo.ttl'
    """
    return iri.removeprefix(GRAPH) if iri.startswith(GRAPH) else compact(iri)


def term(node: NamedNode | BlankNode | Literal | Triple) -> str:
    """Return a term as people read it."""
    return short(node.value) if isinstance(node, NamedNode) else str(node)


def triple(statement: Triple) -> str:
    """Return a triple as people read it."""
    parts = (statement.subject, statement.predicate, statement.object)
    return " ".join(term(part) for part in parts)


def in_language(texts: dict[str, str], language: str) -> str:
    """Return a text in a language, or else in any."""
    found = texts.get(language) or texts.get("en") or texts.get("")
    return found or next(iter(sorted(texts.values())), "")


def subject(finding: Finding, language: str) -> str:
    """Return what a finding is about: label, short IRI and path."""
    parts = []
    label = in_language(finding.label, language)
    named = finding.via[0] if finding.via else finding.focus
    if named is not None and str(named).startswith(("http:", "https:")):
        iri = short(str(named))
        parts.append(f"{label} ({iri})" if label else iri)
    elif label:
        parts.append(label)
    if finding.via:
        parts.append(compact(finding.via[1]))
    if finding.path:
        parts.append(finding.path)
    return " → ".join(dict.fromkeys(parts))


def rule(finding: Finding) -> str:
    """Return the short name of the rule of a finding."""
    return shape_name(finding.rule)


def excuse(judged: Judged, language: str) -> str | None:
    """Return why a finding that would block does not."""
    if judged.excused is None:
        return None
    reason = WORDS[language]["baseline"] if judged.excused == "baseline" else judged.excused
    return f"{WORDS[language]['excused']}{colon(language)} {reason}"


def query_line(query: QueryImpact, language: str) -> str:
    """Return one query with its values and what becomes of its rows."""
    words = WORDS[language]
    values = ", ".join(f"{name}={value}" for name, value in query.values.items())
    head = f"{query.slug}{f' ({values})' if values else ''}"
    if query.after is None:
        return f"{head} — {words['fails-now']}"
    rows = words["rows"].format(
        before="?" if query.before is None else query.before,
        after=query.after,
        rows=rows_of(query.after, language).partition(" ")[2],
    )
    return f"{head} — {rows}, +{len(query.gained)} −{len(query.lost)}"
