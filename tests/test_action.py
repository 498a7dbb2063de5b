"""The Action's script and the pre-commit hook, on a real repository."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import yaml

from git_repository import ROOT, THAMM, edit, environment, git


def run_action(folder: Path, tmp_path: Path, **more: str) -> tuple[int, str, dict[str, str], str]:
    """Run the script as a runner does; return its code, its log, its outputs and its summary."""
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    done = subprocess.run(
        [str(ROOT / ".ci" / "check-action")],
        cwd=folder,
        env=environment(
            RUNNER_TEMP=str(tmp_path),
            GITHUB_OUTPUT=str(outputs),
            GITHUB_STEP_SUMMARY=str(summary),
            **more,
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    pairs = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return (
        done.returncode,
        done.stdout + done.stderr,
        pairs,
        summary.read_text(encoding="utf-8") if summary.is_file() else "",
    )


def test_a_pull_request_is_annotated_line_by_line(checkout: Path, tmp_path: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD").stdout.strip()
    line, column = edit(checkout, THAMM, "place:mar", "place:mra")
    git(checkout, "commit", "-qam", "Mistake a place")
    code, log, outputs, summary = run_action(checkout, tmp_path, MIGOV_BASE=base)
    assert code == 1, log
    assert outputs["conforms"] == "false"
    assert f"file={THAMM},line={line},col={column}::" in log
    assert "::error title=migov%3Adangling-iri" in log
    assert "Does not conform" in summary
    assert json.loads(Path(outputs["json"]).read_text(encoding="utf-8"))["conforms"] is False
    assert json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert Path(outputs["junit"]).read_text(encoding="utf-8").startswith("<?xml")


def test_a_good_pull_request_passes(checkout: Path, tmp_path: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD").stdout.strip()
    path = checkout / THAMM
    path.write_text(path.read_text(encoding="utf-8") + "# reviewed\n", encoding="utf-8")
    git(checkout, "commit", "-qam", "Say that it was reviewed")
    code, log, outputs, summary = run_action(checkout, tmp_path, MIGOV_BASE=base, MIGOV_LANG="fr")
    assert code == 0, log
    assert outputs["conforms"] == "true"
    assert "Conforme" in summary


def test_a_check_that_cannot_run_is_no_finding(checkout: Path, tmp_path: Path) -> None:
    code, log, outputs, summary = run_action(checkout, tmp_path, MIGOV_BASE="f" * 40)
    assert code == 2
    assert outputs == {"conforms": ""}
    assert "could not be checked" in log
    assert summary == ""


def test_the_first_push_of_a_branch_is_compared_with_main(checkout: Path, tmp_path: Path) -> None:
    code, log, outputs, _ = run_action(checkout, tmp_path, MIGOV_BASE="0" * 40)
    assert code == 0, log
    assert outputs["conforms"] == "true"


def test_the_action_names_the_script_and_gives_what_it_writes() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = action["runs"]["steps"][-1]
    assert ".ci/check-action" in step["run"]
    # An expression pasted into a script would run what a title or a branch says.
    assert not any("${{" in each["run"] for each in action["runs"]["steps"])
    script = (ROOT / ".ci" / "check-action").read_text(encoding="utf-8")
    for name in step["env"]:
        assert name == "MIGOV_ROOT" or name in script
    assert set(action["outputs"]) == {"conforms", "json", "sarif", "junit", "markdown"}


def test_the_hook_stops_a_commit_that_does_not_conform(checkout: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    entry = " ".join(map(shlex.quote, shlex.split(hook["entry"])))
    script = checkout / ".git" / "hooks" / "pre-commit"
    script.write_text(f"#!/bin/sh\nexec {entry}\n", encoding="utf-8")
    script.chmod(0o755)
    line, column = edit(checkout, THAMM, "place:mar", "place:mra")
    refused = git(checkout, "commit", "-qam", "Mistake a place")
    assert refused.returncode == 1
    assert f"{THAMM}:{line}:{column}" in refused.stdout + refused.stderr
    edit(checkout, THAMM, "place:mra", "place:mar")
    path = checkout / THAMM
    path.write_text(path.read_text(encoding="utf-8") + "# reviewed\n", encoding="utf-8")
    accepted = git(checkout, "commit", "-qam", "Say that it was reviewed")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
