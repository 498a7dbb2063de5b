"""Which files a dump is made of, and how each is written."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse, serialize

from migov.dumps.description import DESCRIPTION, Written, describe_dataset
from migov.dumps.tables import write_tables
from migov.errors import EnvironmentProblem, UnknownFormatError
from migov.snapshot import Snapshot
from migov.vocabulary import INFERRED_GRAPH, PREFIXES

CHECKSUMS: Final = "SHA256SUMS"
_INFERRED: Final = NamedNode(INFERRED_GRAPH)
_PREFIXED: Final = (RdfFormat.TURTLE, RdfFormat.TRIG)


@dataclass(frozen=True, slots=True)
class DumpFile:
    """One file of a dump: its name, its media type, and what it holds in both languages."""

    name: str
    media_type: str
    holds: dict[str, str]

    @property
    def compressed(self) -> bool:
        return self.name.endswith(".gz")


def dump_files() -> list[DumpFile]:
    """Return the files of a dump in the order in which they are written."""
    return [*(file for file, _ in _WRITERS), _DESCRIPTION_FILE]


def write_dump(name: str, snapshot: Snapshot, out: BinaryIO) -> None:
    """Write one file of a dump; raises UnknownFormatError for a name that is none of them."""
    for file, write in _WRITERS:
        if file.name == name:
            if file.compressed:
                with gzip.GzipFile("", "wb", 6, out, mtime=0) as zipped:
                    write(snapshot, cast("BinaryIO", zipped))
            else:
                write(snapshot, out)
            return
    if name == DESCRIPTION:
        out.write(describe_dataset(snapshot, dump_files_written(dump_files())))
        return
    raise UnknownFormatError(
        f"There is no dump {name!r}.",
        hint=f"There are {', '.join(file.name for file in dump_files())}.",
    )


def dump_files_written(files: list[DumpFile]) -> list[Written]:
    """Return the files as they are known before they are written: without size and checksum."""
    return [Written(file.name, file.media_type) for file in files if file.name != DESCRIPTION]


def write_dumps(
    snapshot: Snapshot, folder: Path, progress: Callable[[str], None] = lambda _: None
) -> list[Written]:
    """Write all files, their description and their checksums into a folder.

    `progress` gets the name of each file before it is written. Raises EnvironmentProblem when the
    folder cannot be written.
    """
    written: list[Written] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, _ in _WRITERS:
            progress(file.name)
            with (folder / file.name).open("wb") as out:
                write_dump(file.name, snapshot, out)
            written.append(_measured(folder / file.name, file.media_type))
        progress(DESCRIPTION)
        (folder / DESCRIPTION).write_bytes(describe_dataset(snapshot, written))
        written.append(_measured(folder / DESCRIPTION, _DESCRIPTION_FILE.media_type))
        lines = "".join(f"{file.sha256}  {file.name}\n" for file in written)
        (folder / CHECKSUMS).write_text(lines, encoding="ascii")
    except OSError as error:
        raise EnvironmentProblem(
            f"The dumps cannot be written to {folder}: {error.strerror}.",
            hint="Name another folder with -o.",
        ) from error
    return written


def _measured(path: Path, media_type: str) -> Written:
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(path.name, media_type, path.stat().st_size, checksum)


def _asserted(snapshot: Snapshot) -> Iterator[Quad]:
    """Yield the quads of the asserted graphs, file by file."""
    for quad in parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS):
        if quad.graph_name not in (DefaultGraph(), _INFERRED):
            yield quad


def _writer(format: RdfFormat, graph: str = "") -> Callable[[Snapshot, BinaryIO], None]:
    """Return what writes all asserted graphs, their union, or the inferred graph in a format."""

    def write(snapshot: Snapshot, out: BinaryIO) -> None:
        prefixes = PREFIXES if format in _PREFIXED else None
        quads = parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS)
        if graph == "union":
            triples = (quad.triple for quad in quads if quad.graph_name == DefaultGraph())
            serialize(triples, out, format, prefixes=prefixes)
        elif graph == "inferred":
            triples = (quad.triple for quad in quads if quad.graph_name == _INFERRED)
            serialize(triples, out, format, prefixes=prefixes)
        else:
            serialize(_asserted(snapshot), out, format, prefixes=prefixes)

    return write


_WRITERS: Final[tuple[tuple[DumpFile, Callable[[Snapshot, BinaryIO], None]], ...]] = (
    (
        DumpFile(
            "migov.nq.gz",
            "application/n-quads",
            {
                "en": "All statements with the graph that makes each",
                "fr": "Toutes les affirmations, chacune avec son graphe",
            },
        ),
        _writer(RdfFormat.N_QUADS),
    ),
    (
        DumpFile(
            "migov.trig.gz",
            "application/trig",
            {
                "en": "The same, graph by graph, for people to read",
                "fr": "La même chose, graphe par graphe, pour être lue",
            },
        ),
        _writer(RdfFormat.TRIG),
    ),
    (
        DumpFile(
            "migov.ttl.gz",
            "text/turtle",
            {
                "en": "The union of all graphs, without saying which says what",
                "fr": "L’union de tous les graphes, sans dire lequel affirme quoi",
            },
        ),
        _writer(RdfFormat.TURTLE, "union"),
    ),
    (
        DumpFile(
            "migov.jsonld.gz",
            "application/ld+json",
            {
                "en": "All graphs as expanded JSON-LD",
                "fr": "Tous les graphes en JSON-LD développé",
            },
        ),
        _writer(RdfFormat.JSON_LD),
    ),
    (
        DumpFile(
            "migov-inferred.ttl.gz",
            "text/turtle",
            {
                "en": "What follows from the statements; no source says it",
                "fr": "Ce qui découle des affirmations ; aucune source ne le dit",
            },
        ),
        _writer(RdfFormat.TURTLE, "inferred"),
    ),
    (
        DumpFile(
            "migov-csv.zip",
            "application/zip",
            {
                "en": "Tables for a spreadsheet, one for each kind of thing",
                "fr": "Des tableaux pour tableur, un par sorte de chose",
            },
        ),
        write_tables,
    ),
)
_DESCRIPTION_FILE: Final = DumpFile(
    DESCRIPTION,
    "text/turtle",
    {
        "en": "What the dataset holds, counted (VoID and DCAT)",
        "fr": "Ce que contient le jeu de données, compté (VoID et DCAT)",
    },
)
