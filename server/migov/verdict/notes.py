"""What was not checked, or not in the usual way: nothing checked is not “conforms”."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import Graph

from migov.errors import TooComplexError
from migov.gate.affected import Comparison
from migov.gate.checks import Context
from migov.gate.coverage import uncovered, without_focus
from migov.gate.report import Finding, Note
from migov.vocabulary import SHAPE, compact


def only_syntax() -> Note:
    """Return what to say of a change that cannot be read."""
    return Note(
        "syntax",
        {
            "en": "Shapes, links, names, inference and canned queries were not looked at: a file "
            "cannot be read.",
            "fr": "Les formes, les liens, les noms, les inférences et les requêtes enregistrées "
            "n’ont pas été examinés : un fichier est illisible.",
        },
    )


def broken_rule_before() -> Note:
    """Return what to say where the state before has a rule that cannot be used."""
    return Note(
        "rules",
        {
            "en": "What follows and the canned queries were not compared: before this change a "
            "rule of ontology/rules/ cannot be used.",
            "fr": "Les inférences et les requêtes enregistrées n’ont pas été comparées : avant "
            "cette modification, une règle de ontology/rules/ est inutilisable.",
        },
    )


def too_complex(error: TooComplexError) -> Note:
    """Return what to say where the change cannot be told in words."""
    return Note(
        "diff",
        {
            "en": f"The change is not told in words: {error.message}",
            "fr": "La modification n’est pas racontée : ses nœuds anonymes sont trop enchevêtrés "
            "pour être comparés.",
        },
    )


def hidden(finding: Finding) -> Note:
    """Return what to say of a finding that a validation over inferred triples would not see."""
    name = shape_name(finding.rule)
    subject = str(finding.via[0] if finding.via else finding.focus or "")
    return Note(
        finding.rule,
        {
            "en": f"{compact(subject)} would keep {name} only because of what is inferred; what is "
            "asserted does not.",
            "fr": f"{compact(subject)} ne respecterait {name} que grâce aux inférences ; ce qui "
            "est affirmé ne suffit pas.",
        },
    )


def of_shapes(comparison: Comparison, context: Context, shapes: Graph) -> Iterator[Note]:
    """Yield what no shape looks at, and the shapes that had to be judged on the whole graph."""
    yield from uncovered(context, shapes)
    yield from without_focus(context, shapes)
    for whole in comparison.whole:
        name = shape_name(whole.rule)
        why = {
            "sparql": ("a SPARQL constraint", "une contrainte SPARQL"),
            "recursion": ("a shape that refers to itself", "une forme qui se réfère à elle-même"),
        }.get(whole.reason, (whole.reason, whole.reason))
        yield Note(
            whole.rule,
            {
                "en": f"{name} was judged on the whole graph: what {why[0]} reads cannot be told.",
                "fr": f"{name} a été vérifiée sur tout le graphe : on ne peut dire ce que lit "
                f"{why[1]}.",
            },
        )


def shape_name(rule: str) -> str:
    """Return the name of a rule as people read it.

    >>> shape_name("https://w3id.org/migov/shape/Locality-within"), shape_name("migov:syntax")
    ('shape:Locality-within', 'migov:syntax')
    """
    return f"shape:{rule.removeprefix(SHAPE)}" if rule.startswith(SHAPE) else compact(rule)
