"""`migov link suggest`: candidates for ours in a pinned snapshot of another dataset."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli_runner import Result, copy_of_content, migov

ROR: list[dict[str, Any]] = [
    {
        "id": "https://ror.org/00q08t645",
        "name": "Deutsche Gesellschaft für Internationale Zusammenarbeit",
        "labels": [{"label": "German Agency for International Cooperation", "iso639": "en"}],
        "acronyms": ["GIZ"],
        "country": {"country_code": "DE"},
        "established": 2011,
        "status": "active",
        "external_ids": {"ISNI": {"all": "0000 0004 0390 1306"}},
    },
    {
        "id": "https://ror.org/01f80g185",
        "names": [
            {"value": "WHO", "types": ["acronym"]},
            {"value": "World Health Organization", "types": ["ror_display"], "lang": "en"},
        ],
        "status": "active",
        "locations": [{"geonames_details": {"country_code": "CH"}}],
        "external_ids": [{"type": "wikidata", "all": ["Q7817"]}],
    },
    {
        "id": "https://ror.org/0aaaaaa00",
        "name": "World Health Organization Collaborating Centre",
        "status": "active",
        "relationships": [{"type": "Parent", "id": "https://ror.org/01f80g185"}],
    },
    {
        "id": "https://ror.org/0bbbbbb00",
        "name": "Council of Europe",
        "status": "withdrawn",
        "relationships": [{"type": "Successor", "id": "https://ror.org/04n5e2707"}],
    },
]
PUBLISHERS = [
    {"title": "Enabel", "iati_id": "BE-BCE_KBO-0264814354", "country": "BE"},
    {"title": "Enabel Foundation", "iati_id": "US-EIN-1", "country": "US"},
]
_IOM = "Organisation internationale pour les migrations"
WIKIDATA = {
    "entities": {
        "Q472311": {
            "id": "Q472311",
            "labels": {"fr": {"language": "fr", "value": _IOM}},
            "aliases": {"fr": [{"language": "fr", "value": "OIM"}]},
            "claims": {"P571": [{"mainsnak": {"datavalue": {"value": {"time": "+1951-00-00"}}}}]},
        }
    }
}  # fmt: skip
SKOS = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://example.org/c/mar> skos:prefLabel "Marruecos"@es ; skos:notation "MAR" .
<http://example.org/c/old> skos:prefLabel "Túnez"@es ;
  <http://purl.org/dc/terms/isReplacedBy> <http://example.org/c/tun> .
<http://example.org/c/tun> skos:prefLabel "Túnez"@es .
"""
CSV = """code,title,titre,sigle,pays
1,International Labour Organization,Organisation internationale du Travail,ILO|OIT,Switzerland
2,Ministry of Health,Ministère de la Santé,,TN
"""


def pinned(folder: Path, name: str, content: str, /, **manifest: Any) -> Path:
    """Write a snapshot and its manifest, and return the manifest's path."""
    (folder / name).write_text(content, encoding="utf-8")
    given = {
        "name": "Target",
        "version": "2026-11",
        "licence": "https://creativecommons.org/publicdomain/zero/1.0/",
        "file": name,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "scheme": "other",
        "namespace": "http://example.org/c/",
        **manifest,
    }
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump(given), encoding="utf-8")
    return path


def ror(folder: Path) -> Path:
    of_ror = {"format": "ror", "scheme": "ror", "namespace": "https://ror.org/"}
    return pinned(folder, "ror.json", json.dumps(ROR), **of_ror)


@pytest.fixture(scope="module", autouse=True)
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look from a copy of the content in which nobody has decided on links yet."""
    folder = copy_of_content(tmp_path_factory.mktemp("undecided"))
    shutil.rmtree(folder / "data" / "mappings")
    FOLDER.append(folder)
    yield
    FOLDER.clear()


FOLDER: list[Path] = []


def suggest(manifest: Path, *options: str) -> Result:
    return migov("link", "suggest", manifest, *options, folder=FOLDER[-1])


def found(manifest: Path, *options: str) -> dict[str, list[dict[str, Any]]]:
    """Return the candidates by the last part of the IRI of ours."""
    result = suggest(manifest, "--format", "json", *options)
    assert result.code == 0, result.err
    by_slug: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(result.out):
        by_slug.setdefault(each["subject"].rpartition("/")[2], []).append(each)
    return by_slug


def test_identifiers_come_first_and_reasons_add_up(tmp_path: Path) -> None:
    suggestions = found(ror(tmp_path), "--kind", "actor")
    best = suggestions["giz"][0]
    assert (best["object"], best["certain"]) == ("https://ror.org/00q08t645", True)
    assert best["features"][0]["seen"] == "isni 0000000403901306"
    for each in (each for every in suggestions.values() for each in every):
        points = sum(feature["points"] for feature in each["features"])
        assert each["score"] == pytest.approx(min(100, max(0, points)), abs=0.11)


def test_a_body_and_what_belongs_to_it_are_told_apart(tmp_path: Path) -> None:
    first, *others = found(ror(tmp_path), "--kind", "actor", "--least", "0")["who"]
    assert first["object"] == "https://ror.org/01f80g185"
    assert all(not each["certain"] and each["score"] < 60 for each in others)


def test_what_was_decided_is_not_suggested_again(tmp_path: Path) -> None:
    result = migov("link", "suggest", ror(tmp_path), "--format", "json", "--kind", "actor")
    assert result.code == 0
    pairs = {(each["subject"], each["object"]) for each in json.loads(result.out)}
    assert ("https://w3id.org/migov/id/actor/who", "https://ror.org/01f80g185") not in pairs


def test_what_is_gone_from_a_target_is_not_suggested(tmp_path: Path) -> None:
    every = found(ror(tmp_path), "--least", "0", "--most", "50")
    objects = {each["object"] for suggestions in every.values() for each in suggestions}
    assert "https://ror.org/0bbbbbb00" not in objects


def test_publishers_of_iati_are_read(tmp_path: Path) -> None:
    manifest = pinned(
        tmp_path, "p.json", json.dumps(PUBLISHERS), format="iati", scheme="org-id",
        namespace="https://example.org/org-id/",
    )  # fmt: skip
    best = found(manifest)["enabel"][0]
    assert best["object"] == "https://example.org/org-id/BE-BCE_KBO-0264814354"
    assert best["certain"]


def test_entities_of_wikidata_are_read(tmp_path: Path) -> None:
    manifest = pinned(
        tmp_path, "w.json", json.dumps(WIKIDATA), format="wikidata", scheme="wikidata",
        namespace="http://www.wikidata.org/entity/",
    )  # fmt: skip
    best = found(manifest)["iom"][0]
    assert best["object"] == "http://www.wikidata.org/entity/Q472311"


def test_concepts_are_read_and_the_replaced_one_left_out(tmp_path: Path) -> None:
    manifest = pinned(tmp_path, "c.ttl", SKOS, format="skos")
    suggestions = found(manifest, "--kind", "place")
    assert [each["object"] for each in suggestions["tun"]] == ["http://example.org/c/tun"]
    assert suggestions["mar"][0]["object"] == "http://example.org/c/mar"


def test_columns_of_a_table_are_named_by_the_manifest(tmp_path: Path) -> None:
    columns = {"id": "code", "name@en": "title", "name@fr": "titre", "acronym": "sigle",
               "country": "pays"}  # fmt: skip
    manifest = pinned(tmp_path, "t.csv", CSV, format="csv", columns=columns)
    suggestions = found(manifest, "--kind", "actor")
    assert suggestions["ilo"][0]["object"] == "http://example.org/c/1"
    namesake = suggestions["ministry-of-health-morocco"][0]
    assert not namesake["certain"]  # the same words, another country's ministry


def test_people_read_a_list_and_programs_a_table(tmp_path: Path) -> None:
    manifest = ror(tmp_path)
    text = suggest(manifest, "--kind", "actor", "--lang", "fr")
    assert "actor:giz  Agence allemande" in text.out
    assert "identifier +100 (isni 0000000403901306)" in text.out
    assert "certain" in text.out
    table = suggest(manifest, "--format", "tsv").out
    rows = list(csv.DictReader(io.StringIO(table), delimiter="\t"))
    assert {"actor:giz", "actor:who"} <= {row["subject"] for row in rows}


def refused(result: Result, *said: str) -> None:
    assert result.code == 2
    assert result.out == ""
    for text in said:
        assert text in result.err


def test_a_snapshot_with_another_hash_is_refused(tmp_path: Path) -> None:
    manifest = ror(tmp_path)
    (tmp_path / "ror.json").write_text("[]", encoding="utf-8")
    refused(suggest(manifest), "another hash", "Is it another version")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "xls"}, "format 'xls' is not known"),
        ({"version": ""}, "it has no version"),
        ({"file": "../other.json"}, "leads to another folder"),
        ({"file": "absent.json"}, "absent.json: No such file"),
        ({"sha256": "abc"}, "not 64 hexadecimal digits"),
    ],
)
def test_a_manifest_that_lacks_something_says_what(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    manifest = ror(tmp_path)
    given = {**yaml.safe_load(manifest.read_text(encoding="utf-8")), **change}
    manifest.write_text(yaml.safe_dump(given), encoding="utf-8")
    refused(suggest(manifest), said)


@pytest.mark.parametrize(
    ("format", "name", "content", "said"),
    [
        ("ror", "r.json", "[{", "it is not JSON"),
        ("ror", "r.json", '[{"id": 5}]', "not laid out as ror"),
        ("wikidata", "w.json", "[1]", "not laid out as wikidata"),
        ("skos", "s.ttl", "<a> <b> .", "cannot be read"),
        ("skos", "s.xls", "", "no RDF is known"),
        ("csv", "t.csv", "a,b\n1,2\n", "it has no column “code”"),
        ("csv", "t.csv", "code,title\n,x\n", "the id is empty"),
    ],
)
def test_a_snapshot_that_is_not_its_format_names_the_place(
    tmp_path: Path, format: str, name: str, content: str, said: str
) -> None:
    columns = {"columns": {"id": "code", "name": "title"}} if format == "csv" else {}
    manifest = pinned(tmp_path, name, content, format=format, **columns)
    refused(suggest(manifest), said)


def test_a_manifest_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    refused(suggest(tmp_path / "no.yaml"), "No such file", "Name a manifest")
