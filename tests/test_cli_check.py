"""`migov check`: one verdict on what changed in a checkout, or on a proposed text."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pyoxigraph import RdfFormat, Store

from cli_runner import ROOT, Result, migov
from git_repository import THAMM, edit, git
from json_schema import conforms_to
from migov.verdict.render import FORMATS
from migov.verdict.render.json import schema

MISTAKE = ("theme:labour-mobility-schemes", "theme:labour-mobilty-schemes")
HEAD = (
    "@prefix actor: <https://w3id.org/migov/id/actor/> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
)


def check(folder: Path, *words: str, stdin: bytes = b"") -> Result:
    return migov("check", *words, folder=folder, stdin=stdin)


def test_nothing_changed_conforms(checkout: Path) -> None:
    result = check(checkout)
    assert result.code == 0, result.err
    assert "The files say what they said before." in result.out
    assert result.out.endswith("Conforms.\n")


def test_a_mistake_is_told_with_place_label_expectation_and_edit(checkout: Path) -> None:
    line, column = edit(checkout, THAMM, *MISTAKE)
    result = check(checkout)
    assert result.code == 1, result.err
    assert f"{THAMM}:{line}:{column}  Violation  migov:dangling-iri" in result.out
    assert f"Edit: {MISTAKE[1]} → {MISTAKE[0]}  ({THAMM}:{line}:{column})" in result.out
    assert "changed THAMM – Labour Migration Governance" in result.out
    assert "Does not conform: " in result.out
    french = check(checkout, "--lang", "fr")
    assert french.code == 1
    assert "Non conforme\u00a0: " in french.out
    assert f"Correction\u00a0: {MISTAKE[1]} → {MISTAKE[0]}" in french.out


def test_every_format_says_the_same_and_twice_the_same(checkout: Path) -> None:
    line, column = edit(checkout, THAMM, *MISTAKE)
    outputs = [word for name in FORMATS for word in ("-o", f"{name}={checkout / name}.out")]
    first = check(checkout, *outputs)
    texts = {name: (checkout / f"{name}.out").read_text(encoding="utf-8") for name in FORMATS}
    second = check(checkout, *outputs)
    assert first.out == second.out
    for name in FORMATS:
        assert (checkout / f"{name}.out").read_text(encoding="utf-8") == texts[name], name
    verdict = json.loads(texts["json"])
    conforms_to(schema(), verdict)
    count = len(verdict["introduced"])
    assert count > 0
    assert verdict["counts"]["introduced"]["violation"] > 0
    run = json.loads(texts["sarif"])["runs"][0]
    new = [result for result in run["results"] if result["baselineState"] == "new"]
    assert len(new) == count
    regions = [
        result["locations"][0]["physicalLocation"]["region"]
        for result in new
        if result["ruleId"] == "migov:dangling-iri"
    ]
    assert (line, column) in [(each["startLine"], each["startColumn"]) for each in regions]
    (suite,) = ElementTree.fromstring(texts["junit"])
    assert int(suite.attrib["tests"]) == count == len(suite)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    annotations = [text for text in texts["github"].splitlines() if text.startswith("::")]
    assert len(annotations) == count
    assert f"file={THAMM},line={line},col={column}::" in texts["github"]
    report = Store()
    report.load(texts["turtle"].encode(), format=RdfFormat.TURTLE)
    results = report.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> "
        "SELECT ?r { ?report sh:conforms false ; sh:result ?r }"
    )
    assert len(list(results)) == count + len(verdict["left"])  # type: ignore[arg-type]
    assert texts["text"] == first.out
    assert f"`{THAMM}:{line}:{column}`" in texts["markdown"]


def test_a_syntax_error_is_a_finding_and_not_a_failure(checkout: Path) -> None:
    with (checkout / THAMM).open("a", encoding="utf-8") as file:
        file.write("initiative:thamm mg:theme\n")
    result = check(checkout, "--format", "json")
    assert result.code == 1, result.err
    verdict = json.loads(result.out)
    conforms_to(schema(), verdict)
    (found,) = verdict["introduced"]
    assert found["rule"] == "migov:syntax"
    assert found["place"]["file"] == THAMM
    assert verdict["inference"] is None
    assert verdict["impact"] is None
    assert verdict["notChecked"]


def test_a_file_that_is_not_text_is_a_finding(checkout: Path) -> None:
    path = checkout / THAMM
    path.write_bytes(path.read_bytes() + b"# \xff\n")
    result = check(checkout)
    assert result.code == 1, result.err
    assert f"{THAMM}:" in result.out
    assert "Violation  migov:syntax" in result.out


def test_not_being_able_to_run_is_no_finding(checkout: Path, tmp_path: Path) -> None:
    for words in (
        ("--base", "no-such-commit"),
        ("data/actors/absent.ttl",),
        ("README.md",),
        ("--patch", "absent.patch"),
        ("--graph", "a", "--file", "b"),
        ("-o", "nonsense=x"),
        ("-", "--file", "data/../x.ttl"),
    ):
        result = check(checkout, *words)
        assert result.code == 2, (words, result.out)
        assert result.out == ""
        assert result.err.startswith("Error: ")
    (checkout / "shapes" / "policy.yaml").write_text("blocks: [violaton]\n", encoding="utf-8")
    broken = check(checkout)
    assert broken.code == 2
    assert "shapes/policy.yaml:1:10" in broken.err


def test_a_change_of_layout_says_nothing(checkout: Path) -> None:
    path = checkout / THAMM
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(" ;\n", "\n    ;\n").replace("[]", "_:x1", 1), encoding="utf-8")
    result = check(checkout, "--format", "json")
    verdict = json.loads(result.out)
    assert result.code == 0, result.out
    assert verdict["change"]["laidOut"] == [THAMM]
    assert verdict["change"]["graphs"] == []
    assert verdict["introduced"] == []


def test_proposed_texts_are_checked_and_not_written(checkout: Path) -> None:
    path = "data/actors/ilo.ttl"
    before = (checkout / path).read_bytes()
    good = HEAD + 'actor:ilo skos:altLabel "Bureau of everything"@en .\n'
    as_turtle = check(checkout, "-", "--file", path, "-f", "json", stdin=good.encode())
    assert as_turtle.code == 0, as_turtle.err
    verdict = json.loads(as_turtle.out)
    again = check(checkout, "--patch", "-", "-f", "json", stdin=verdict["patch"].encode())
    assert again.code == 0, again.err
    assert json.loads(again.out)["change"]["graphs"] == verdict["change"]["graphs"]
    update = (
        "DELETE DATA { GRAPH <https://w3id.org/migov/graph/data/actors/ilo.ttl> "
        '{ actor:ilo skos:prefLabel "International Labour Organization (ILO)"@en } }'
    )
    (checkout / "u.ru").write_text(update, encoding="utf-8")
    bad = check(checkout, "u.ru", "-f", "json")
    removed = json.loads(bad.out)["change"]["graphs"]
    assert bad.code == 1, bad.out
    assert [len(graph["removed"]) for graph in removed] == [1]
    wrong = check(checkout, "-", "--file", path, stdin=b"actor:ilo")
    assert wrong.code == 1
    assert "standard input:1:" in wrong.out
    assert (checkout / path).read_bytes() == before


def test_old_problems_are_left_and_mended_ones_are_fixed(checkout: Path) -> None:
    edit(checkout, THAMM, *MISTAKE)
    git(checkout, "commit", "-qam", "Mistake a place")
    base = git(checkout, "rev-parse", "HEAD").stdout.strip()
    path = checkout / THAMM
    path.write_text(path.read_text(encoding="utf-8") + "# a note\n", encoding="utf-8")
    left = json.loads(check(checkout, "--base", base, "-f", "json").out)
    assert left["conforms"] is True
    assert left["introduced"] == []
    assert any(found["rule"] == "migov:dangling-iri" for found in left["left"])
    edit(checkout, THAMM, *reversed(MISTAKE))
    fixed = json.loads(check(checkout, "--base", base, "-f", "json").out)
    assert fixed["conforms"] is True
    assert any(found["rule"] == "migov:dangling-iri" for found in fixed["fixed"])
    assert fixed["left"] == []


def test_the_policy_excuses_until_a_day_and_its_baseline_can_only_shrink(checkout: Path) -> None:
    edit(checkout, THAMM, *MISTAKE)
    first = json.loads(check(checkout, "-f", "json").out)
    blocking = [found for found in first["introduced"] if found["blocks"]]
    assert blocking
    policy = checkout / "shapes" / "policy.yaml"
    rules = sorted({found["rule"] for found in blocking})
    for day, code in (("2999-01-01", 0), ("2001-01-01", 1)):
        entries = "".join(
            f"  - rule: {rule}\n    reason: The place is being renamed.\n    expires: {day}\n"
            for rule in rules
        )
        policy.write_text(f"exceptions:\n{entries}", encoding="utf-8")
        result = check(checkout, "-f", "json")
        verdict = json.loads(result.out)
        conforms_to(schema(), verdict)
        assert result.code == code, result.out
        expired = [f for f in verdict["introduced"] if f["rule"] == "migov:exception-expired"]
        assert len(expired) == (len(rules) if code else 0)
        assert all(found["place"]["file"] == "shapes/policy.yaml" for found in expired)
        excused = {found.get("excused") for found in verdict["introduced"]}
        assert ("The place is being renamed." in excused) is (code == 0)
    known = "".join(f"  - {found['fingerprint']}\n" for found in blocking)
    policy.write_text(f"baseline:\n{known}", encoding="utf-8")
    grown = json.loads(check(checkout, "-f", "json").out)
    assert grown["conforms"] is False
    new = [found for found in grown["introduced"] if found["rule"] == "migov:baseline-grown"]
    assert len(new) == len({found["fingerprint"] for found in blocking})
    assert {f["fingerprint"] for f in grown["introduced"] if f.get("excused") == "baseline"} == {
        found["fingerprint"] for found in blocking
    }


def test_queries_that_lose_all_rows_are_findings(checkout: Path) -> None:
    for path in (checkout / "data" / "records").rglob("*.ttl"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("mg:budget", "mg:budgett"), encoding="utf-8")
    verdict = json.loads(check(checkout, "-f", "json").out)
    empty = [found for found in verdict["introduced"] if found["rule"] == "migov:query-empty"]
    assert any(found["place"]["file"] == "queries/budgets.rq" for found in empty)
    (budgets,) = [
        query
        for query in verdict["impact"]["changed"]
        if query["query"] == "budgets" and not query["values"]
    ]
    assert budgets["after"] == 0
    assert len(budgets["lost"]) == budgets["before"] > 0


def test_what_newly_follows_is_told(checkout: Path) -> None:
    edit(checkout, THAMM, "mg:pilotPlace place:egy", "mg:pilotPlace place:dza , place:egy")
    verdict = json.loads(check(checkout, "-f", "json").out)
    covers = "<https://w3id.org/migov/ns#coversPlace> <https://w3id.org/migov/id/place/dza> ."
    assert any(line.endswith(covers) for line in verdict["inference"]["gained"])


@pytest.mark.parametrize(
    ("document", "path", "right", "wrong"),
    [
        ("CONTRIBUTING.md", THAMM, "scope:regional", "scope:regionl"),
        ("shapes/README.md", "data/records/iom/lm-0416.ttl", '"USD"', '"dollars"'),
    ],
)
def test_the_stories_in_the_guides_are_true(
    checkout: Path, document: str, path: str, right: str, wrong: str
) -> None:
    guide = (ROOT / document).read_text(encoding="utf-8")
    told = guide.partition("```text\n")[2].partition("```")[0]
    assert told.startswith(path)
    assert told.count("\n") >= 5
    edit(checkout, path, right, wrong)
    result = check(checkout)
    assert result.code == 1, result.err
    assert told in result.out
    edit(checkout, path, wrong, right)
    assert check(checkout).out.endswith("Conforms.\n")
