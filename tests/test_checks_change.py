"""A change is checked as the whole would be, at the cost of the files that it touches."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from migov.dataset import ContentFile
from migov.gate.checks import Context, State, run
from migov.gate.checks.state import Files
from test_checks import BASE, FILES, ROOT

_PREFIXES = """@prefix actor: <https://w3id.org/migov/id/actor/> .
@prefix initiative: <https://w3id.org/migov/id/initiative/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
_STATEMENTS = [
    "initiative:a a mg:Project .",
    "initiative:b a mg:Project ; mg:partOf initiative:a .",
    "actor:c a mg:Organisation ; skos:prefLabel 'Harbour Council'@en .",
    "actor:d a mg:Organisation ; skos:prefLabel 'Harbour Council'@en .",
    "initiative:a mg:relatedPlace <https://w3id.org/migov/id/place/rur> .",
    "initiative:a mg:noSuchTerm actor:c .",
    "initiative:e <http://purl.org/dc/terms/isReplacedBy> initiative:a .",
    "initiative:b mg:about actor:d .",
    "actor:c a [",
]
_PATHS = ["data/actors/one.ttl", "data/actors/two.ttl", "data/places/places.ttl"]


def _file(path: str, statements: list[str]) -> ContentFile:
    head = f"@base <https://w3id.org/migov/graph/{path}> .\n{_PREFIXES}<> a mg:CuratedGraph .\n"
    return ContentFile(path, (head + "\n".join(statements)).encode())


states = st.dictionaries(
    st.sampled_from(_PATHS), st.lists(st.sampled_from(_STATEMENTS), max_size=4), max_size=3
).map(lambda files: {**FILES, **{path: _file(path, lines) for path, lines in files.items()}})


@settings(max_examples=30, deadline=None)
@given(states, states)
def test_a_state_that_grew_from_another_is_like_one_read_afresh(
    before: Files, after: Files
) -> None:
    grown = State(after, State(before, BASE))
    assert grown.describing == State(after).describing
    assert run(Context.change(State(before, BASE), after)) == run(
        Context(State(before), State(after))
    )


@settings(max_examples=20, deadline=None)
@given(states, states)
def test_what_a_change_breaks_elsewhere_is_found(before: Files, after: Files) -> None:
    """What the whole has wrong after a change and not before, the change has wrong."""
    families = ["terms", "links", "literals", "reification", "dates", "registers"]
    whole = {(f.rule, str(f.focus), str(f.place)) for f in run(Context.whole(after), families)}
    earlier = {(f.rule, str(f.focus), str(f.place)) for f in run(Context.whole(before), families)}
    context = Context.change(State(before, BASE), after)
    found = {(f.rule, str(f.focus), str(f.place)) for f in run(context, families)}
    broken = {facts.path for facts in context.broken}
    # A file that cannot be read may still describe what others point to: that is not a finding.
    excused = {f for f in whole if broken and f[0] == "migov:dangling-iri"}
    assert whole - earlier - excused <= found <= whole


def test_only_touched_files_are_read() -> None:
    base = State(FILES)
    context = Context.change(base, {**FILES, _PATHS[0]: _file(_PATHS[0], _STATEMENTS[:1])})
    run(context)
    before = {path: base.facts(path) for path in base.paths}
    assert all(context.after.facts(path) is facts for path, facts in before.items())


def test_a_removed_entity_dangles_where_it_was_used() -> None:
    after = {path: file for path, file in FILES.items() if not path.endswith("gfmd.ttl")}
    found = [f for f in run(Context.change(BASE, after)) if f.rule == "migov:dangling-iri"]
    assert [str(f.place) for f in found] == ["ontology/concepts/listing.ttl:28:23"]


def test_a_removed_term_is_unknown_where_it_was_used() -> None:
    path = "ontology/migov.ttl"
    text = FILES[path].content.decode().replace("mg:lineCount a owl:DatatypeProperty ;", "[]")
    after = {**FILES, path: ContentFile(path, text.encode())}
    found = {
        str(f.place) for f in run(Context.change(BASE, after)) if f.rule == "migov:unknown-term"
    }
    assert "data/documents/000.ttl:12:5" in found


def test_a_new_name_of_a_person_is_found_in_old_files() -> None:
    path = "data/people/2.ttl"
    text = FILES["data/people/1.ttl"].content.decode().replace("1", "2")
    named = text.replace("Ada Example-Person", "Ministry of Travel")
    after = {**FILES, path: ContentFile(path, named.encode())}
    found = [f for f in run(Context.change(BASE, after)) if f.rule == "migov:person-named"]
    assert [str(f.place) for f in found] == ["data/actors/ministry-of-travel.ttl:10:20"]
    assert all("Ministry" not in text for f in found for text in f.messages.values())


def test_a_retired_name_of_the_history_does_not_come_back() -> None:
    iri = "https://w3id.org/migov/id/initiative/a"
    after = {**FILES, _PATHS[0]: _file(_PATHS[0], _STATEMENTS[:1])}
    assert not any(f.rule == "migov:reused-slug" for f in run(Context.change(BASE, after)))
    found = run(Context.change(BASE, after, retired=[iri]))
    assert [str(f.focus) for f in found if f.rule == "migov:reused-slug"] == [iri]


def test_a_thing_that_only_links_and_names_remain_of_is_gone() -> None:
    """A set of links describes nothing, and what says no class says nothing to rely on."""
    real = (ROOT / "data/mappings/wikidata.sssom.tsv").read_text(encoding="utf-8").splitlines()
    row = next(line for line in real if line.startswith("actor:alcs")).replace("alcs", "c", 1)
    links = "\n".join([*real[:10], row, ""])
    table = ContentFile("data/mappings/wikidata.sssom.tsv", links.encode())
    one, two = _PATHS[:2]
    rest = _file(two, ["initiative:a a mg:Project .", "actor:c mg:acronym 'HC'@en .",
                       "initiative:a mg:about actor:c ."])  # fmt: skip
    before = {
        **FILES, table.path: table, two: rest,
        one: _file(one, ["actor:c a mg:Organisation ; skos:prefLabel 'Harbour Council'@en ."]),
    }  # fmt: skip
    renamed = _file(one, ["actor:z a mg:Organisation ; skos:prefLabel 'Harbour Council'@en ."])
    context = Context.change(State(before, BASE), {**before, one: renamed})
    assert "https://w3id.org/migov/id/actor/c" in context.lost
    found = {(f.rule, f.place.source if f.place else "") for f in run(context)}
    assert ("migov:rename-without-trace", one) in found
    assert ("migov:missing-type", two) in found
    assert not any(rule == "migov:likely-duplicate" for rule, _ in found)
    alone = {path: file for path, file in before.items() if path != two}
    gone = Context.change(State(alone, BASE), {**alone, one: renamed})
    assert ("migov:mapping-subject", table.path) in {
        (f.rule, f.place.source if f.place else "") for f in run(gone)
    }
