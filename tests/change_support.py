"""Repositories and random edits for the tests of changes and merges."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from dulwich import porcelain
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from migov.change.model import Files, files_now
from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import blanks, triple_of
from migov.repository import Repository, find_repository
from migov.vocabulary import CONCEPT, ID, PREFIXES

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("ontology", "data", "shapes", "queries")
AUTHOR = "Ann Author <ann@example.org>"
HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())


def real_files() -> Files:
    """Return the Turtle files of this repository."""
    files = files_now(find_repository(ROOT))
    return {path: file for path, file in files.items() if path.endswith(".ttl")}


def triples_of(file: ContentFile | None) -> list[Triple]:
    return [] if file is None else [triple_of(quad) for quad in dict.fromkeys(read_quads(file))]


def turtle(text: str) -> list[Triple]:
    """Return the triples of a text that uses the prefixes of the house."""
    return [triple_of(quad) for quad in parse((HEAD + text).encode(), format=RdfFormat.TURTLE)]


def small_repository(folder: Path) -> Repository:
    """Make a repository with a few real files and one commit on main."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
        (folder / name / "README.md").write_text(name)
    for path in ("data/actors/who.ttl", "data/actors/ilo.ttl", "data/records/iom/lm-0416.ttl"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    git = porcelain.init(folder)
    git.refs.set_symbolic_ref(b"HEAD", b"refs/heads/main")  # type: ignore[arg-type]
    git.close()
    commit(folder, "Begin")
    return find_repository(folder)


def commit(folder: Path, message: str) -> bytes:
    """Commit everything there is."""
    porcelain.add(folder)
    return porcelain.commit(
        folder, message=message.encode(), author=AUTHOR.encode(), committer=AUTHOR.encode()
    )


def random_edit(
    source: random.Random, triples: Sequence[Triple]
) -> tuple[list[Triple], list[Triple]]:
    """Return triples to remove and to add: of IRIs and of blank nodes, old and new, and lists."""
    count = min(len(triples) - 1, source.choice((0, 1, 1, 2, 5)))
    removed = source.sample(triples, count)
    nodes = list(dict.fromkeys(node for triple in triples for node in blanks(triple)))
    subjects = [triple.subject for triple in triples]
    new = [BlankNode(f"x{number}") for number in range(3)]
    added = []
    for _ in range(source.choice((0, 1, 2, 6))):
        subject = source.choice(
            (
                source.choice(subjects),
                source.choice(nodes or subjects),
                NamedNode(f"{ID}actor/new-{source.randrange(3)}"),
                source.choice(new),
            )
        )
        predicate = source.choice(
            (
                source.choice(triples).predicate,
                NamedNode(PREFIXES["skos"] + "note"),
                NamedNode(PREFIXES["rdf"] + "subject"),
                NamedNode(PREFIXES["rdf"] + source.choice(("first", "rest"))),
            )
        )
        value = source.choice(
            (
                source.choice(triples).object,
                source.choice(nodes or subjects),
                source.choice(new),
                Literal('a "quoted"\n\\ word\té', language="fr"),
                Literal("01", datatype=NamedNode(PREFIXES["xsd"] + "integer")),
                Literal("1.50", datatype=NamedNode(PREFIXES["xsd"] + "decimal")),
                NamedNode(f"{CONCEPT}role/funder"),
                NamedNode("http://example.org/a%20(b)"),
                NamedNode(PREFIXES["rdf"] + "nil"),
            )
        )
        added.append(Triple(subject, predicate, value))
    return removed, added
