"""`migov link watch`: what became of our links in a newer snapshot of their target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli_runner import copy_of_content, migov
from git_repository import under_git
from migov.dataset import ContentFile
from migov.dataset.mappings import read_mappings
from test_link_suggest import pinned

SET = """#curie_map:
#  actor: https://w3id.org/migov/id/actor/
#  ror: https://ror.org/
#  schema: https://schema.org/
#  semapv: https://w3id.org/semapv/vocab/
#license: https://creativecommons.org/licenses/by/4.0/
#mapping_set_id: https://w3id.org/migov/graph/data/mappings/ror.sssom.tsv
#mapping_set_title: Links to ROR
subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tobject_label\tmapping_justification
actor:alcs\tschema:sameAs\t\tror:057a3cc32\t\tsemapv:ManualMappingCuration
actor:compas\tschema:sameAs\tNot\tror:052gg0110\t\tsemapv:ManualMappingCuration
actor:giz\tschema:sameAs\t\tror:00q08t645\tGIZ\tsemapv:ManualMappingCuration
actor:icmpd\tschema:sameAs\t\tror:00x5wnx94\t\tsemapv:ManualMappingCuration
actor:who\tschema:sameAs\t\tror:01f80g185\tWorld Health Organization\tsemapv:ManualMappingCuration
"""
HEAD = SET.partition("actor:alcs")[0].replace(
    "ror: https://ror.org", "bodies: http://example.org/c"
)
"""The head of a set of the register `bodies`."""
_SAME: dict[str, Any] = {
    "id": "https://ror.org/01f80g185",
    "name": "World Health Organization",
    "status": "active",
}
NEWER: list[dict[str, Any]] = [
    {**_SAME, "external_ids": {"ISNI": {"all": "0000 0000 0000 0001"}}},
    {"id": "https://ror.org/00q08t645", "name": "A New Name", "status": "active"},
    {
        "id": "https://ror.org/00x5wnx94",
        "name": "ICMPD",
        "status": "withdrawn",
        "relationships": [{"type": "Successor", "id": "https://ror.org/0aaaaaa00"}],
    },
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = copy_of_content(tmp_path / "checkout")
    sets = folder / "data" / "mappings"
    sets.mkdir(exist_ok=True)
    (sets / "ror.sssom.tsv").write_text(SET, encoding="utf-8")
    return folder


def manifest(folder: Path, entries: list[dict[str, Any]]) -> Path:
    given = {"format": "ror", "scheme": "ror", "namespace": "https://ror.org/"}
    return pinned(folder, "ror.json", json.dumps(entries), **given)


def test_every_kind_of_change_is_told_with_its_row(tmp_path: Path, checkout: Path) -> None:
    newer = manifest(tmp_path, NEWER)
    result = migov("link", "watch", newer, "--format", "json", folder=checkout)
    assert result.code == 1
    told = {
        (each["event"], each["subject"].rpartition("/")[2]): each for each in json.loads(result.out)
    }
    assert set(told) == {
        ("vanished", "alcs"), ("renamed", "giz"), ("replaced", "icmpd"), ("identifier", "who")
    }  # fmt: skip
    assert told["replaced", "icmpd"]["now"] == "https://ror.org/0aaaaaa00"
    assert (told["vanished", "alcs"]["file"], told["vanished", "alcs"]["line"]) == (
        "data/mappings/ror.sssom.tsv",
        10,
    )
    text = migov("link", "watch", newer, folder=checkout)
    assert "data/mappings/ror.sssom.tsv:13:5  replaced  actor:icmpd" in text.out
    assert "4 links to Target looked at, 4 changed." in text.out


def test_a_new_name_alone_breaks_nothing(tmp_path: Path, checkout: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"id": f"https://ror.org/{code}", "name": "New", "status": "active"}
        for code in ("057a3cc32", "00q08t645", "00x5wnx94")
    ]
    result = migov("link", "watch", manifest(tmp_path, [*entries, _SAME]), folder=checkout)
    assert result.code == 0
    assert "renamed" in result.out


def test_kinds_and_parents_that_differ_are_told(tmp_path: Path, checkout: Path) -> None:
    columns = {"id": "id", "name": "name", "type": "type", "parent": "parent"}
    rows = "id,name,type,parent\nC1,Centre,place,P2\nP1,University,body,\nP2,Other,body,\n"
    newer = pinned(
        tmp_path, "b.csv", rows, format="csv", scheme="bodies", columns=columns,
        types={"place": "Country", "body": "Organisation"},
    )  # fmt: skip
    links = "".join(
        f"actor:{slug}\tschema:sameAs\t\tbodies:{code}\t\tsemapv:ManualMappingCuration\n"
        for slug, code in (("dg-intpa", "C1"), ("european-union", "P1"))
    )
    text = HEAD
    path = checkout / "data" / "mappings" / "bodies.sssom.tsv"
    path.write_text(text.replace("ror.sssom", "bodies.sssom") + links, encoding="utf-8")
    result = migov("link", "watch", newer, "--format", "json", folder=checkout)
    assert result.code == 1
    told = {(each["event"], each["subject"].rpartition("/")[2]) for each in json.loads(result.out)}
    assert told == {("type", "dg-intpa"), ("parent", "dg-intpa")}
    findings = json.loads(migov("link", "watch", newer, "--format", "sarif", folder=checkout).out)
    found = findings["runs"][0]["results"]
    assert {each["ruleId"] for each in found} == {"migov:link-type", "migov:link-parent"}
    where = found[0]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "data/mappings/bodies.sssom.tsv"


def test_what_was_replaced_is_followed_and_cannot_come_back(tmp_path: Path) -> None:
    folder = copy_of_content(tmp_path / "checkout")
    path = folder / "data" / "mappings" / "bodies.sssom.tsv"
    head = HEAD
    row = "actor:iom\tschema:sameAs\t\tbodies:OLD\t\tsemapv:ManualMappingCuration\n"
    text = head.replace("ror.sssom", "bodies.sssom") + row
    path.write_text(text, encoding="utf-8")
    under_git(folder)
    columns = {"id": "id", "name": "name", "replaced_by": "now"}
    newer = pinned(
        tmp_path, "b.csv", "id,name,now\nOLD,A body,NEW\nNEW,A body,\n",
        format="csv", scheme="bodies", columns=columns,
    )  # fmt: skip
    followed = migov("link", "watch", newer, "--follow", folder=folder)
    assert followed.code == 0, followed.out + followed.err
    rows = read_mappings(ContentFile("x", path.read_bytes())).mappings
    base = "http://example.org/c/"
    assert [(each.object, each.holds) for each in rows] == [
        (base + "NEW", True),
        (base + "NEW", False),
    ]
    assert (rows[1].subject, rows[1].is_replacement) == (base + "OLD", True)
    assert rows[0].evidence == f"{base}OLD was replaced in Target 2026-11"
    path.write_text(path.read_text(encoding="utf-8").replace("\tbodies:NEW\t", "\tbodies:OLD\t", 1))
    refused = migov("check", folder=folder)
    assert refused.code == 1
    assert "migov:mapping-retired" in refused.out


def test_a_broken_set_is_one_clear_error(tmp_path: Path, checkout: Path) -> None:
    broken = checkout / "data" / "mappings" / "ror.sssom.tsv"
    broken.write_text(SET.replace("ror:01f80g185", "wd:Q1"), encoding="utf-8")
    result = migov("link", "watch", manifest(tmp_path, NEWER), folder=checkout)
    assert result.code == 2
    assert "row 14: object_id: curie_map has no prefix “wd:”" in result.err
