"""axe-core in a page: what speaks against WCAG 2.2 A and AA, and against good practice."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from playwright.sync_api import Page

from conftest import ROOT

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_script() -> str:
    """Return the script of axe-core, fetched by its lock file where it is not there yet."""
    folder = ROOT / "server" / "browser"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        assert npm
        options = ["--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([npm, "ci", *options], cwd=folder, check=True, capture_output=True)
    return script.read_text(encoding="utf-8")


def violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """Return what a page that axe is in violates, each with the element and a way to mend it."""
    found = page.evaluate(
        "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", rules
    )
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
