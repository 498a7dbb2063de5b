"""Dumps: whole, deterministic, and what their description says of them is true."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from cli_runner import CACHE, ROOT, migov
from migov.dumps import describe_dataset, dump_files, write_dump, write_dumps
from migov.errors import EnvironmentProblem, UnknownFormatError
from migov.repository import Repository
from migov.snapshot import Snapshot, build_snapshot
from migov.vocabulary import INFERRED_GRAPH

VOID = "http://rdfs.org/ns/void#"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return build_snapshot(Repository(ROOT), CACHE)


@pytest.fixture(scope="module")
def folder(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dumps")
    write_dumps(snapshot, folder)
    return folder


def _store(content: bytes, format: RdfFormat) -> Store:
    store = Store()
    store.bulk_load(content, format)
    return store


def _asserted(snapshot: Snapshot) -> set[Quad]:
    return {
        quad
        for quad in parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS)
        if quad.graph_name not in (DefaultGraph(), NamedNode(INFERRED_GRAPH))
    }


def test_the_same_snapshot_gives_the_same_bytes(
    snapshot: Snapshot, folder: Path, tmp_path: Path
) -> None:
    later = replace(snapshot, built="2030-01-01T00:00:00+00:00", revision="f" * 40)
    write_dumps(later, tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(["SHA256SUMS", *(file.name for file in dump_files())])
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_checksums_are_right(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(dump_files())
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("migov.nq.gz", RdfFormat.N_QUADS),
        ("migov.trig.gz", RdfFormat.TRIG),
        ("migov.jsonld.gz", RdfFormat.JSON_LD),
    ],
)
def test_each_format_has_every_statement(
    snapshot: Snapshot, folder: Path, name: str, format: RdfFormat
) -> None:
    content = gzip.decompress((folder / name).read_bytes())
    assert set(parse(content, format=format)) == _asserted(snapshot)


def test_the_union_and_what_follows_stand_apart(snapshot: Snapshot, folder: Path) -> None:
    union = gzip.decompress((folder / "migov.ttl.gz").read_bytes())
    inferred = gzip.decompress((folder / "migov-inferred.ttl.gz").read_bytes())
    assert len(_store(union, RdfFormat.TURTLE)) == snapshot.triples
    assert len(_store(inferred, RdfFormat.TURTLE)) == snapshot.inferred


def test_one_dump_is_the_file_of_that_name(snapshot: Snapshot, folder: Path) -> None:
    for file in dump_files():
        if file.name != "void.ttl":  # in a folder it knows sizes and checksums as well
            out = io.BytesIO()
            write_dump(file.name, snapshot, out)
            assert out.getvalue() == (folder / file.name).read_bytes()
    with pytest.raises(UnknownFormatError):
        write_dump("../secret", snapshot, io.BytesIO())


def test_tables_have_a_row_for_each_thing(folder: Path) -> None:
    with zipfile.ZipFile(folder / "migov-csv.zip") as archive:
        tables = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"))))
            for name in archive.namelist()
        }
    assert len(tables["initiatives.csv"]) == 21
    assert len(tables["records.csv"]) == 18
    assert sum(row["class"].endswith("Country") for row in tables["places.csv"]) == 249
    (budget,) = tables["amounts.csv"]
    assert budget["currency"] == "USD"
    assert budget["held_by"].endswith("/iom-lm-0416")
    host = next(row for row in tables["participations.csv"] if row["iri"].endswith("--host--who"))
    assert host["role_label_en"] == "host"
    assert host["locator"] == "000:29"
    assert host["graph"].endswith("data/records/gfmd/ghwa.ttl")


def test_the_description_counts_what_there_is(snapshot: Snapshot, folder: Path) -> None:
    described = _store((folder / "void.ttl").read_bytes(), RdfFormat.TURTLE)
    union = {quad.triple for quad in _asserted(snapshot)}
    dataset = NamedNode("https://w3id.org/migov/dataset")

    def number(subject: NamedNode, name: str) -> int:
        (quad,) = described.quads_for_pattern(subject, NamedNode(VOID + name), None)
        return int(getattr(quad.object, "value", "-1"))

    assert number(dataset, "triples") == len(union)
    assert number(dataset, "distinctSubjects") == len({triple.subject for triple in union})
    assert number(dataset, "distinctObjects") == len({triple.object for triple in union})
    assert number(dataset, "properties") == len({triple.predicate for triple in union})
    for graph, size in snapshot.graphs.items():
        assert number(NamedNode(graph), "triples") == size
    links = NamedNode("https://w3id.org/migov/dataset/links/wikidata")
    assert number(links, "triples") > 249
    rows = described.query(
        f"SELECT (SUM(?n) AS ?all) {{ ?d <{VOID}propertyPartition>/<{VOID}triples> ?n }}"
    )
    assert [int(row["all"].value) for row in rows] == [len(union)]  # type: ignore[union-attr]
    downloads = described.quads_for_pattern(
        None, NamedNode("http://www.w3.org/ns/dcat#downloadURL"), None
    )
    assert sum(1 for _ in downloads) == len(dump_files()) - 1


def test_a_server_may_name_its_own_address(snapshot: Snapshot) -> None:
    text = describe_dataset(snapshot, site="http://127.0.0.1:8000/").decode()
    assert "<http://127.0.0.1:8000/sparql>" in text
    assert "<https://w3id.org/migov/dataset>" in text


def test_a_folder_that_cannot_be_written_is_named(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem, match="cannot be written"):
        write_dumps(snapshot, tmp_path / "file" / "dumps")
    result = migov("export", "-o", tmp_path / "file" / "dumps")
    assert result.code == 2
    assert "Name another folder with -o." in result.err
