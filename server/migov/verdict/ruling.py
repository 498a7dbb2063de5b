"""What the policy makes of findings: what blocks, what is excused, what is known of old."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from migov.errors import Place
from migov.gate.affected import Names, fingerprint
from migov.gate.report import Finding, Severity
from migov.verdict.model import Findings, Judged
from migov.verdict.policy import PATH, Policy

EXPIRED = "migov:exception-expired"
GROWN = "migov:baseline-grown"
SETTLED = "migov:baseline-settled"
_KNOWN = "baseline"


def ruled(
    introduced: Sequence[Finding],
    left: Sequence[Finding],
    fixed: Sequence[Finding],
    *,
    before: Names,
    after: Names,
    policy: Policy,
    earlier: Policy | None,
    today: datetime.date,
) -> Findings:
    """Return the findings as the policy sees them, those about the policy itself among them."""
    news = [_judged(finding, after, policy, today) for finding in introduced]
    settled = [_judged(finding, before, policy, today) for finding in fixed]
    own = [
        *_expired(policy, today),
        *_grown(policy, earlier),
        *_settled(policy, [judged.fingerprint for judged in settled]),
    ]
    news += [_judged(finding, after, policy, today) for finding in own]
    return Findings(
        introduced=tuple(sorted(news, key=place_order)),
        left=tuple(sorted((_plain(finding, after) for finding in left), key=place_order)),
        fixed=tuple(
            sorted((_plain(judged.finding, before) for judged in settled), key=place_order)
        ),
    )


def place_order(judged: Judged) -> tuple[object, ...]:
    """Return the key that findings are sorted by: file, line, column, then the rest."""
    finding = judged.finding
    place = finding.place or Place("")
    return (
        place.source,
        place.line or 0,
        place.column or 0,
        -finding.severity,
        finding.rule,
        judged.fingerprint,
        sorted(finding.messages.items()),
    )


def _plain(finding: Finding, names: Names) -> Judged:
    return Judged(finding, fingerprint(finding, names))


def _judged(finding: Finding, names: Names, policy: Policy, today: datetime.date) -> Judged:
    known = fingerprint(finding, names)
    if finding.severity not in policy.blocks:
        return Judged(finding, known)
    if known in policy.baseline:
        return Judged(finding, known, excused=_KNOWN)
    focus = str(finding.via[0] if finding.via else finding.focus or "")
    for exemption in policy.exceptions:
        if exemption.covers(finding.rule, focus) and exemption.expires >= today:
            return Judged(finding, known, excused=exemption.reason)
    return Judged(finding, known, blocks=True)


def _expired(policy: Policy, today: datetime.date) -> Iterator[Finding]:
    for exemption in policy.exceptions:
        if exemption.expires < today:
            day = exemption.expires.isoformat()
            yield Finding(
                EXPIRED,
                # What it excused blocks again by itself; other changes need not wait for it.
                Severity.WARNING,
                {
                    "en": f"This exception for {exemption.rule} ended on {day}. Take it out, or "
                    "give it a new day and a reason that still holds.",
                    "fr": f"Cette exception pour {exemption.rule} a pris fin le {day}. Retirez-la, "
                    "ou donnez-lui un nouveau terme et une raison toujours valable.",
                },
                place=exemption.place,
            )


def _grown(policy: Policy, earlier: Policy | None) -> Iterator[Finding]:
    if earlier is None:
        return
    for known in sorted(policy.baseline.keys() - earlier.baseline.keys()):
        yield Finding(
            GROWN,
            Severity.VIOLATION,
            {
                "en": f"The baseline of {PATH} can only shrink, and {known} is new in it. Mend the "
                "finding, or write an exception with a reason and a day.",
                "fr": f"La liste de départ de {PATH} ne peut que diminuer, et {known} y est "
                "nouveau. Corrigez le constat, ou écrivez une exception avec une raison et un "
                "terme.",
            },
            place=policy.baseline[known],
        )


def _settled(policy: Policy, fixed: Iterable[str]) -> Iterator[Finding]:
    for known in sorted(set(fixed) & policy.baseline.keys()):
        yield Finding(
            SETTLED,
            Severity.WARNING,
            {
                "en": f"The change fixes {known}: take this line out of the baseline.",
                "fr": f"La modification corrige {known} : retirez cette ligne de la liste de "
                "départ.",
            },
            place=policy.baseline[known],
        )
