"""What a verdict finds in a record, at the controls of the form that the record came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migov.gate.structure import BLANK
from migov.web.record_read import Draft
from migov.web.record_values import Said
from migov.web.translation import translated

_SEVERITIES = ("violation", "warning")


def at_controls(
    verdict: Mapping[str, Any], draft: Draft, language: str
) -> tuple[dict[str, list[str]], bool]:
    """Return what is found, as messages by the control to look at, the worst first.

    The second value says whether that is all that there is to mend; what no control is to blame
    for stays in the verdict alone.
    """
    found: dict[str, list[str]] = {}
    is_all = True
    for severity in _SEVERITIES:
        for finding in verdict["introduced"]:
            if finding["severity"] != severity:
                continue
            control = _control(finding, draft)
            if control is None:
                is_all = False
            elif (message := _message(finding, language)) not in found.setdefault(control, []):
                found[control].append(message)
    return found, is_all


def _control(finding: Mapping[str, Any], draft: Draft) -> str | None:
    node, value = finding.get("focusNode") or {}, finding.get("value") or {}
    focus = node.get("value") if node.get("type") == "uri" else None
    paths = set((finding.get("path") or "").split("|"))
    likely = [said for said in draft.said if said.path in paths and said.focus in (focus, None)]
    for said in _narrowed(likely, value):
        return said.control
    return draft.heads.get(focus or "")


def _narrowed(likely: list[Said], value: Mapping[str, Any]) -> Iterator[Said]:
    """Yield where a value may have been written, the likeliest first."""
    text, language = str(value.get("value", "")), value.get("xml:lang")
    written = "" if text.startswith(BLANK) else text
    same = [each for each in likely if each.language in (None, language)] or likely
    yield from (each for each in same if each.value == written)
    yield from same


def _message(finding: Mapping[str, Any], language: str) -> str:
    if str((finding.get("value") or {}).get("value", "")).startswith(BLANK):
        return translated("This is still to be written.")
    messages: Mapping[str, str] = finding["messages"]
    return messages.get(language) or messages.get("en") or next(iter(messages.values()))
