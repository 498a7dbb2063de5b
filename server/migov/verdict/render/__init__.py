"""A verdict written down: for people, for pull requests, for programs.

The same verdict gives the same text, whatever the format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from migov.verdict.model import Verdict
from migov.verdict.render.github import as_github
from migov.verdict.render.json import as_json
from migov.verdict.render.junit import as_junit
from migov.verdict.render.markdown import as_markdown
from migov.verdict.render.sarif import as_sarif
from migov.verdict.render.text import as_text
from migov.verdict.render.turtle import as_turtle

FORMATS: Final[dict[str, Callable[[Verdict, str], str]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
    "turtle": as_turtle,
}
"""The formats by name: text for people, markdown for a comment or a job summary, JSON, SARIF 2.1.0,
JUnit, GitHub annotations, and the W3C validation report in Turtle."""


def render(verdict: Verdict, format: str, language: str = "en") -> str:
    """Return a verdict in one of `FORMATS`, with messages in English or French."""
    return FORMATS[format](verdict, language)
