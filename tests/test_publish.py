"""Publishing to real stores: only what changed is sent, and what breaks off is finished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyoxigraph import DefaultGraph, RdfFormat, Triple, parse

import small
from cli_runner import migov
from migov.dataset.canonical import same
from migov.engine.remote import Dataset, StoreState, credentials_for, read_state
from migov.errors import ConflictError, EnvironmentProblem
from migov.publishing import Publication, Sender, Wanted, endpoints_of, wanted_now
from migov.publishing.comparison import say_the_same
from migov.repository import Repository
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PUBLISHED_GRAPH
from stores import STORES, RunningStore

pytestmark = pytest.mark.xdist_group("stores")

THREE = f"{GRAPH}data/records/three.ttl"
FOREIGN = "http://example.org/somebody-else"
UPDATE = "http://store.example/update"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("publish-cache")


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    return small.repository(tmp_path / "checkout")


class Recording(Sender):
    """Sends as always, keeps what was sent, and breaks off after some requests."""

    def __init__(self, *arguments: Any, breaks_after: int | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent: list[tuple[str, str]] = []
        self._breaks_after = breaks_after

    def _send(self, method: str, url: str, *, again: bool = True, **request: Any) -> None:
        if len(self.sent) == self._breaks_after:
            raise KeyboardInterrupt
        self.sent.append((method, request.get("params", {}).get("graph", "update")))
        super()._send(method, url, again=again, **request)


@contextmanager
def sending(store: RunningStore, chunk: int = 1_000_000, **options: Any) -> Iterator[Recording]:
    remote = store.remote
    remote.bare("ASK { }", Dataset((FOREIGN,)), remote.until())  # it says its name with it
    auth = credentials_for(store.query, store.user)
    sender = Recording(endpoints_of(store.query, remote.server), auth, chunk=chunk, **options)
    try:
        yield sender
    finally:
        sender.close()


def published(
    store: RunningStore, wanted: Wanted, **options: Any
) -> tuple[list[tuple[str, str]], StoreState]:
    """Publish, and return what was sent and what the store says then."""
    publication = Publication(store.remote, wanted)
    with sending(store, **options) as sender:
        publication.run(sender)
    state = read_state(store.remote)
    assert state is not None
    return sender.sent, state


def state_of(store: RunningStore) -> StoreState | None:
    return read_state(store.remote)


def graph_in(store: RunningStore, graph: str) -> list[Triple]:
    """Return a graph as the store gives it, asked without this software."""
    answer = httpx.post(
        store.query,
        data={"query": f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"},
        headers={"Accept": "application/n-triples"},
        timeout=60,
    )
    quads = parse(answer.content, format=RdfFormat.N_TRIPLES)
    return [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]


def assert_holds(store: RunningStore, wanted: Wanted) -> None:
    """Check every graph and the union of all against the snapshot of the files."""
    quads = list(parse(path=str(wanted.snapshot.quads), format=RdfFormat.N_QUADS))
    graphs: dict[str, list[Triple]] = {graph: [] for graph in wanted.digests}
    graphs[ASSERTED_GRAPH] = []
    for quad in quads:
        is_union = isinstance(quad.graph_name, DefaultGraph)
        graphs[ASSERTED_GRAPH if is_union else quad.graph_name.value].append(quad.triple)
    assert len(graphs) == len(wanted.files) + 2
    for graph, triples in graphs.items():
        assert same(graph_in(store, graph), triples), graph
    state = state_of(store)
    assert state is not None
    assert state.is_complete
    assert state.digest == wanted.snapshot.digest
    assert not state.unfinished
    assert {graph: held.triples for graph, held in state.graphs.items()} == {
        graph: len(set(triples)) for graph, triples in graphs.items()
    }
    shared = {  # a blank node of a record is the same node in the union
        node for graph in (ASSERTED_GRAPH, small.ONE) for node in blank_nodes(store, graph)
    }
    assert len(shared) == len(blank_nodes(store, ASSERTED_GRAPH))


def blank_nodes(store: RunningStore, graph: str) -> set[str]:
    return {str(t.subject) for t in graph_in(store, graph) if str(t.subject).startswith("_:")}


def test_an_empty_store_gets_everything(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    before = state_of(store)
    with sending(store) as sender:
        for graph in (*(before.graphs if before else ()), PUBLISHED_GRAPH):
            sender.drop(graph)
    assert state_of(store) is None
    dry = migov("publish", *store.login, "--dry-run", "--root", checkout.root, "--cache", cache)
    assert dry.code == 1
    assert f"write   {small.ONE.removeprefix(GRAPH)}" in dry.out
    done = migov("publish", *store.login, "--root", checkout.root, "--cache", cache)
    assert done.code == 0, done.err
    assert done.out.startswith("Published snapshot ")
    wanted = wanted_now(checkout, cache)
    assert_holds(store, wanted)
    for options in ((), ("--dry-run",)):
        again = migov("publish", *store.login, *options, "--root", checkout.root, "--cache", cache)
        assert (again.code, again.out) == (
            0,
            f"The store holds snapshot {wanted.snapshot.name}: nothing to do.\n",
        )


def test_an_edit_of_one_record_touches_only_its_graph(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    published(store, wanted_now(checkout, cache))
    text = small.FILES["data/records/one.ttl"].replace("'One'", "'First'")
    small.write(checkout.root / "data/records/one.ttl", text)
    wanted = wanted_now(checkout, cache)
    sent, _ = published(store, wanted)
    assert sent == [
        ("PUT", PUBLISHED_GRAPH),
        ("POST", "update"),
        ("PUT", small.ONE),
        ("POST", "update"),
        ("PUT", PUBLISHED_GRAPH),
    ]
    assert_holds(store, wanted)


def test_a_comment_changes_no_answer_and_sends_one_graph(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    published(store, wanted_now(checkout, cache))
    text = small.FILES["data/records/one.ttl"] + "# checked again\n"
    small.write(checkout.root / "data/records/one.ttl", text)
    wanted = wanted_now(checkout, cache)
    sent, _ = published(store, wanted)
    assert [graph for method, graph in sent if method == "PUT"] == [
        PUBLISHED_GRAPH,
        small.ONE,
        PUBLISHED_GRAPH,
    ]
    assert_holds(store, wanted)


def test_new_and_removed_records_and_what_two_records_share(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    published(store, wanted_now(checkout, cache))
    (checkout.root / "data/records/two.ttl").unlink()
    small.write(checkout.root / "data/records/three.ttl", "initiative:k a mg:Project .\n")
    wanted = wanted_now(checkout, cache)
    sent, state = published(store, wanted)
    assert ("DELETE", small.TWO) in sent
    assert ("PUT", THREE) in sent
    assert ("PUT", small.ONE) not in sent
    assert small.TWO not in state.graphs
    assert_holds(store, wanted)
    assert graph_in(store, small.TWO) == []


def test_whatever_breaks_off_is_finished_by_the_next_run(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    first = wanted_now(checkout, cache)
    (checkout.root / "data/records/two.ttl").unlink()
    small.write(checkout.root / "data/records/three.ttl", "initiative:k a mg:Project .\n")
    second = wanted_now(checkout, cache)
    whole, _ = published(store, first)
    whole, _ = published(store, second)
    assert len(whole) > 5
    for number in range(1, len(whole)):
        published(store, first)
        with sending(store, breaks_after=number) as sender, pytest.raises(KeyboardInterrupt):
            Publication(store.remote, second).run(sender)
        state = state_of(store)
        assert state is not None
        assert not state.is_complete, f"broken off after {number} requests"
        published(store, second)
        assert_holds(store, second)


def test_what_was_published_survives_a_crash_of_the_store(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    wanted = wanted_now(checkout, cache)
    published(store, wanted)
    store.kill()
    store.start()
    assert_holds(store, wanted)


def test_what_a_store_has_lost_is_written_again(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    wanted = wanted_now(checkout, cache)
    published(store, wanted)
    assert Publication(store.remote, wanted).plan.is_empty
    with sending(store) as sender:
        sender.drop(small.ONE)
        plan = Publication(store.remote, wanted).plan
        assert plan.write == (small.ONE,)
        assert plan.whole_union
        published(store, wanted)
        assert_holds(store, wanted)
        sender.drop(ASSERTED_GRAPH)
    sent, _ = published(store, wanted)
    assert [graph for method, graph in sent if method == "PUT"] == [PUBLISHED_GRAPH] * 2
    assert_holds(store, wanted)


def test_edits_that_leave_the_counts_are_found_by_comparing(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    wanted = wanted_now(checkout, cache)
    published(store, wanted)
    label = (
        "<https://w3id.org/migov/id/initiative/i> <http://www.w3.org/2004/02/skos/core#prefLabel>"
    )

    def edit(graph: str) -> None:
        with sending(store) as sender:
            sender.update(
                f"{verb} DATA {{ GRAPH <{graph}> {{ {label} {text} }} }}"
                for verb, text in (("DELETE", "'Deux'@fr"), ("INSERT", "'Trois'@fr"))
            )

    edit(small.TWO)
    assert Publication(store.remote, wanted).plan.is_empty
    plan = Publication(store.remote, wanted, compare=True).plan
    assert (plan.write, plan.whole_union) == ((small.TWO,), True)
    places = ("--root", str(checkout.root), "--cache", str(cache))
    told = migov("publish", *store.login, *places, "--compare", "--dry-run")
    assert (told.code, told.out.split()[:2]) == (1, ["write", "data/records/two.ttl"])
    assert migov("publish", *store.login, *places, "--compare").code == 0
    assert_holds(store, wanted)

    edit(ASSERTED_GRAPH)
    plan = Publication(store.remote, wanted, compare=True).plan
    assert (plan.write, plan.whole_union) == ((), True)
    with sending(store) as sender:
        Publication(store.remote, wanted, compare=True).run(sender)
    assert_holds(store, wanted)
    assert Publication(store.remote, wanted, compare=True).plan.is_empty


def test_graphs_of_others_are_left_alone(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    with sending(store) as sender:
        sender.put(FOREIGN, [b'<http://example.org/a> <http://example.org/b> "c" .\n'])
        published(store, wanted_now(checkout, cache))
        assert store.count(FOREIGN) == 1
        sender.drop(FOREIGN)


def test_a_graph_may_come_in_parts(store: RunningStore, checkout: Repository, cache: Path) -> None:
    lines = "".join(
        f"initiative:n{number} mg:budget [ mg:amount {number} ; mg:of initiative:n{number} ] .\n"
        for number in range(60)
    )
    small.write(checkout.root / "data/records/one.ttl", lines)
    wanted = wanted_now(checkout, cache)
    sent, _ = published(store, wanted, chunk=2000)
    assert len([graph for method, graph in sent if method == "POST" and graph == small.ONE]) > 5
    assert_holds(store, wanted)


def test_two_publications_at_once_are_noticed(
    store: RunningStore, checkout: Repository, cache: Path
) -> None:
    wanted = wanted_now(checkout, cache)
    small.write(checkout.root / "data/records/three.ttl", "initiative:k a mg:Project .\n")
    other = wanted_now(checkout, cache)
    publication = Publication(store.remote, other)

    def meanwhile(text: str) -> None:
        if text == "Counting":
            published(store, wanted)

    with sending(store) as sender, pytest.raises(ConflictError):
        publication.run(sender, meanwhile)
    published(store, other)
    assert_holds(store, other)


@pytest.mark.parametrize("store", STORES[1:], indirect=True)
def test_a_wrong_password_is_told(
    store: RunningStore, checkout: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGOV_PASSWORD", "wrong")
    small.write(checkout.root / "data/records/three.ttl", "initiative:secret a mg:Project .\n")
    done = migov("publish", *store.login, "--root", checkout.root, "--cache", cache)
    assert done.code == 2
    assert "does not let this user in (401)" in done.err
    assert "MIGOV_PASSWORD" in done.err


def test_nothing_listens(checkout: Repository, cache: Path) -> None:
    done = migov(
        "publish", "--to", "http://127.0.0.1:9/query", "--root", checkout.root, "--cache", cache
    )
    assert done.code == 2
    assert "The store cannot be reached." in done.err
    assert "http://127.0.0.1:9/query" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Name the store with --to."),
        (("--to", "store.example"), "it must be an address"),
        (("--to", "http://me:secret@store.example/query"), "does not belong into an address"),
        (("--to", "http://store.example/query", "--chunk", "0"), "--chunk"),
    ],
)
def test_mistakes_on_the_command_line(options: tuple[str, ...], said: str) -> None:
    done = migov("publish", *options)
    assert done.code == 2
    assert said in done.err
    assert "secret" not in done.err


def test_an_unknown_kind_of_store_has_to_be_named() -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        endpoints_of("http://store.example/sparql", "Blazegraph")
    assert caught.value.hint is not None
    assert "--update and --graph-store" in caught.value.hint
    with pytest.raises(EnvironmentProblem) as caught:
        endpoints_of("http://store.example/sparql", "Blazegraph", UPDATE)
    assert caught.value.hint is not None
    assert "--update" not in caught.value.hint


def test_the_digest_of_what_follows_is_among_the_digests(checkout: Repository, cache: Path) -> None:
    wanted = wanted_now(checkout, cache)
    assert len(wanted.lines(INFERRED_GRAPH)) == wanted.snapshot.inferred > 0
    assert wanted.digests.keys() == {*wanted.files, INFERRED_GRAPH}


def test_what_a_store_says_is_compared_however_its_blank_nodes_hang_together() -> None:
    """RDFC-1.0 would take minutes for a long list, and for ever for what was made to that end."""

    def listed(label: str, items: int) -> bytes:
        lines = [f'_:{label}{n} <p:first> "x" . _:{label}{n} <p:rest> _:{label}{n + 1} .'
                 for n in range(items)]  # fmt: skip
        return "\n".join(lines).replace(" . ", " .\n").encode()

    assert say_the_same(listed("a", 1_000), listed("b", 1_000))
    assert not say_the_same(listed("a", 1_000), listed("b", 999))
    tangled = b"\n".join(
        b"_:n%d <p:p> _:n%d ." % (one, other)
        for one in range(8)
        for other in range(8)
        if one != other
    )
    assert not say_the_same(tangled, tangled)
