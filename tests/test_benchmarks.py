"""The data that benchmarks make: the same for the same seed, of the size that was asked for."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from benchmarks import made, pages
from benchmarks.load import Load, read
from migov.engine.local import LocalEngine
from migov.engine.rows import select
from migov.snapshot.model import read_snapshot
from migov.vocabulary import GRAPH, NS


def test_a_seed_is_the_same_everywhere() -> None:
    first = list(made.graphs(300, 7))
    assert first == list(made.graphs(300, 7))
    assert first != list(made.graphs(300, 8))


@pytest.mark.parametrize("triples", [10_000, 50_000])
def test_the_size_is_what_was_asked_for(tmp_path: Path, triples: int) -> None:
    out = tmp_path / "made.nt"
    count = made.write_triples(out, made.records_for(triples), 1)
    assert abs(count - triples) < triples * 0.1
    found = list(parse(path=str(out), format=RdfFormat.N_TRIPLES))
    assert len(found) == len(set(found)) == count


def test_files_and_quads_say_the_same(tmp_path: Path) -> None:
    sizes = made.write_quads(tmp_path / "made.nq", 60, 2)
    store = Store()
    store.bulk_load(path=str(tmp_path / "made.nq"), format=RdfFormat.N_QUADS)
    assert {str(graph.value) for graph in store.named_graphs()} == set(sizes)
    assert len(store) == sum(sizes.values())
    count = made.write_checkout(tmp_path / "checkout", 60, 2)
    assert count == len(sizes)
    for path in (tmp_path / "checkout").rglob("*.ttl"):
        name = NamedNode(GRAPH + str(path.relative_to(tmp_path / "checkout")))
        triples = {quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE)}
        assert triples == {quad.triple for quad in store.quads_for_pattern(None, None, None, name)}


@pytest.mark.parametrize("disk", [False, True])
def test_a_snapshot_can_be_asked(tmp_path: Path, disk: bool) -> None:
    made_snapshot = made.write_snapshot(tmp_path, 60, 3, disk=disk)
    assert read_snapshot(made_snapshot.folder, None) == made_snapshot
    engine = LocalEngine(made_snapshot)
    try:
        (row,) = select(engine, f"SELECT (COUNT(*) AS ?n) {{ ?s a <{NS}Participation> }}")
        assert str(row["n"].value) == "180"
        (row,) = select(
            engine, f"SELECT (COUNT(?a) AS ?n) {{ <{made.INITIATIVE}59> <{NS}partOf>+ ?a }}"
        )
        assert str(row["n"].value) == "2"
    finally:
        engine.close()


def test_what_wrk_says_is_read() -> None:
    said = "    99%    5.44ms\n  Non-2xx or 3xx responses: 2\n"
    assert read(f"{said}Requests/sec:   1000.50\n") == Load(1000.5, 0.00544, 2)
    with pytest.raises(SystemExit):
        read("nothing")


def test_records_are_distinct() -> None:
    lines = itertools.chain.from_iterable(lines for _, lines in made.graphs(500, 4))
    counted = list(lines)
    assert len(counted) == len(set(counted))


def test_pages_are_weighed(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages.main(1, ["/ns", "/nothing"], cache)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    size = int(lines[2].split("|")[2].replace(",", ""))
    assert 50_000 < size < 100_000
    assert lines[-1].startswith("2 pages, 1 rounds: ")
