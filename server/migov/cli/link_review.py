"""`migov link review`: candidates one by one, and what was decided as a change through the gate."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from migov.cli.link_shown import portrait_lines, reasons_of
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.errors import (
    EnvironmentProblem,
    MigovError,
    ParameterError,
    Place,
    UncommittedError,
)
from migov.lines import printable
from migov.repository import Repository
from migov.vocabulary import ID, KINDS, compact

if TYPE_CHECKING:
    from migov.change.model import Change, Files
    from migov.dataset.mappings import MappingSet
    from migov.linking.decisions import Choice, Decision
    from migov.linking.review import Review
    from migov.linking.suggest import Suggestion
    from migov.settings import Settings
    from migov.targets.portrait import Portrait

_KEYS: Final[Mapping[str, Choice]] = {"a": "accept", "r": "reject", "u": "unsure"}
_ASKED: Final = "(a)ccept, (r)eject, (u)nsure, (s)kip, (q)uit? "
_WORDS: Final = {"accept": "accepted", "reject": "rejected", "unsure": "left open"}
_LINKED: Final = ("actor", "place", "initiative", "instrument", "event")


@click.command(name="review", short_help="Decide on candidates one by one, and commit.")
@click.argument("manifest", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--accept", "accepted", nargs=2, multiple=True, metavar="SUBJECT OBJECT")
@click.option("--reject", "rejected", nargs=2, multiple=True, metavar="SUBJECT OBJECT")
@click.option("--unsure", nargs=2, multiple=True, metavar="SUBJECT OBJECT")
@click.option("--reason", metavar="TEXT", help="Why; of the pairs that are named in the command.")
@click.option("--decisions", metavar="FILE", help="A table of decisions; - is standard input.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS))
@click.option("--most", default=3, show_default=True, type=click.IntRange(1, 50))
@click.option("--least", default=50.0, show_default=True, type=click.FloatRange(0, 100))
@click.option("--again", is_flag=True, help="Ask the questions that were left open, too.")
@click.option("--reviewer", metavar="NAME", help="How you are named in the set; else as --author.")
@click.option("--author", metavar="NAME <MAIL>", help="Whose change it is; else git’s user.")
@click.option("-m", "--message", metavar="TEXT", help="The message of the commit.")
@click.option("--lang", default="en", type=click.Choice(("en", "fr")))
@settings_options("root", "cache")
def command(
    manifest: Path,
    accepted: tuple[tuple[str, str], ...],
    rejected: tuple[tuple[str, str], ...],
    unsure: tuple[tuple[str, str], ...],
    reason: str | None,
    decisions: str | None,
    kinds: tuple[str, ...],
    most: int,
    least: float,
    again: bool,
    reviewer: str | None,
    author: str | None,
    message: str | None,
    lang: str,
    **given: Any,
) -> int:
    """Decide on candidates, one by one, and commit what was decided if it conforms.

    MANIFEST is as for suggest. Each candidate is shown beside ours with the features of its score;
    you accept it, reject it or say that you are unsure, with a reason. What was decided becomes
    rows of the target’s mapping set (data/mappings), one change through the gate, when you quit or
    nothing is left. A pair that was accepted or rejected is not suggested again; one that was left
    open (a row of confidence 0.5, which is no link) is with --again.

    Without questions, decisions come from the command or from a table with tabs between its
    columns: decision (accept, reject or unsure), subject, object, reason.

    \b
    Examples:
      migov link review ror.yaml --kind actor
      migov link review ror.yaml --reject actor:iom 00q08t645 --reason "Another body"
      migov link review ror.yaml --decisions decisions.tsv -m "Review ROR"

    Exit codes: 0 merged, or nothing was decided · 1 does not conform · 2 could not run.
    """
    from migov.cli.merge import signature
    from migov.linking.decisions import proposal

    settings = settings_from(**given)
    named: list[tuple[Choice, str, str]] = [
        *(("accept", *pair) for pair in accepted),
        *(("reject", *pair) for pair in rejected),
        *(("unsure", *pair) for pair in unsure),
    ]
    if named and reason is None:
        raise click.UsageError("Say why with --reason.")
    if named and decisions is not None:
        raise click.UsageError("Name pairs in the command or in a table, not in both.")
    repository, review, before = _begun(manifest, settings)
    signed = author or signature(repository)
    if named:
        made = [review.decision(mine, theirs, what, reason or "") for what, mine, theirs in named]
    elif decisions is not None:
        made = _from_table(decisions, review)
    else:
        folders = tuple(f"{ID}{kind}/" for kind in kinds or _LINKED)
        asked = [each for each in review.ours.index.portraits if each.iri.startswith(folders)]
        made = _Session(review, lang).held(review.open(asked, most, least, again=again))
    if not made:
        click.echo("Nothing was decided.")
        return 0
    known_as = reviewer or signed.partition("<")[0].strip()
    try:
        registered = [(review.register, each) for each in made]
        change = proposal(before, registered, known_as, date.today().isoformat())
        return _merged(
            repository, settings, change, made, signed, message, printable(review.snapshot), lang
        )
    except MigovError:
        _show_unwritten(made)
        raise


def _begun(manifest: Path, settings: Settings) -> tuple[Repository, Review, Files]:
    """Return what a review begins with; the sets are those of the last commit."""
    from migov.change.git import base_files
    from migov.cli.opening import opened
    from migov.linking.ours import ours
    from migov.linking.review import Review
    from migov.linking.suggest import TargetIndex
    from migov.merge import recover
    from migov.targets import read_manifest, read_target

    target = read_manifest(manifest)
    with opened(settings) as (repository, engine):
        known = ours(engine)
    recover(repository)
    before = base_files(repository, "HEAD")
    sets = committed_sets(repository, before)
    index = TargetIndex(read_target(target, known.countries()))
    return repository, Review(target, index, known, sets), before


def committed_sets(repository: Repository, before: Files) -> list[MappingSet]:
    """Return the mapping sets among the files of a commit.

    Raises UncommittedError where those on disk are others.
    """
    from migov.linking.decided import mapping_sets, sets_among

    sets = sets_among(before.values())
    on_disk = mapping_sets(repository)
    if on_disk != sets:
        paths = {each.path for each in (*sets, *on_disk) if each not in sets or each not in on_disk}
        raise UncommittedError(
            f"{min(paths)} has changes that are not committed.",
            place=Place(min(paths)),
            hint="Commit them or put them aside: decisions are written to the last commit.",
        )
    return sets


def _from_table(name: str, review: Review) -> list[Decision]:
    from migov.linking.review import read_decisions

    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise EnvironmentProblem(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{name} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    return read_decisions(text, review, "standard input" if name == "-" else name)


@dataclass
class _Session:
    """Questions to one person, and what was answered."""

    review: Review
    language: str
    decisions: list[Decision] = field(default_factory=list)

    def held(self, suggestions: Sequence[Suggestion]) -> list[Decision]:
        """Ask about each candidate until somebody quits, and return what was decided."""
        number = "1 candidate" if len(suggestions) == 1 else f"{len(suggestions)} candidates"
        click.echo(f"{number} in {printable(self.review.snapshot)} to decide on.")
        for at, each in enumerate(suggestions, 1):
            if self._is_settled(each):
                continue
            click.echo()
            for text in self._shown(each, at, len(suggestions)):
                click.echo(text)
            choice = self._choice()
            if choice == "q":
                break
            if choice in _KEYS and not self._decide(each, _KEYS[choice]):
                break
        return self.decisions

    def _decide(self, each: Suggestion, choice: Choice) -> bool:
        while True:
            reason = _answer("Why? ")
            if reason is None:
                return False
            try:
                self.decisions.append(self.review.decision_on(each, choice, reason))
            except ParameterError as error:
                click.echo(f"{error.message} {error.hint or ''}".rstrip())
                continue
            return True

    def _is_settled(self, each: Suggestion) -> bool:
        """Whether one side was linked with something a moment ago."""
        return any(
            made.choice == "accept"
            and (made.subject == each.ours.iri or made.object == each.candidate.portrait.iri)
            for made in self.decisions
        )

    def _choice(self) -> str:
        while True:
            answer = _answer(_ASKED)
            if answer is None:
                return "q"
            letter = answer.strip().lower()[:1]
            if letter and letter in "arusq":
                return letter
            click.echo("One of a, r, u, s, q.")

    def _shown(self, each: Suggestion, number: int, of: int) -> Iterator[str]:
        candidate = each.candidate
        languages = (self.language, "en", None)
        yield f"{number} of {of}"
        yield f"  {compact(each.ours.iri)}"
        yield from portrait_lines(each.ours, languages, self._label)
        yield f"  {printable(candidate.portrait.iri)}"
        yield from portrait_lines(candidate.portrait, languages, self._label)
        certain = ", certain" if candidate.is_certain else ""
        yield f"  score {candidate.score:g}{certain}"
        for reason in reasons_of(candidate):
            yield f"    {reason}"
        for iri in candidate.rivals[:5]:
            entry = self.review.index.entries.get(iri)
            name = f"  {_name(entry.portrait, languages)}" if entry else ""
            yield f"  close: {printable(iri)}{name}"

    def _label(self, iri: str) -> str:
        known = iri in self.review.ours.labels
        return self.review.ours.label(iri, self.language)[0] if known else compact(iri)


def _name(portrait: Portrait, languages: Sequence[str | None]) -> str:
    return printable(portrait.name_in(languages).text)


def _answer(question: str) -> str | None:
    """Return a line of standard input, None at its end."""
    try:
        return input(question)
    except EOFError:
        click.echo()
        return None


def _merged(
    repository: Repository,
    settings: Settings,
    change: Change,
    made: Sequence[Decision],
    author: str,
    message: str | None,
    target: str,
    language: str,
) -> int:
    from migov.cli.merge import judged_merge
    from migov.verdict.render import render

    counts = [
        f"{number} {word}"
        for choice, word in _WORDS.items()
        if (number := sum(each.choice == choice for each in made))
    ]
    said = message or f"Review links to {target}: {', '.join(counts)}"
    with progress("Checking and merging what was decided"):
        merged, verdict = judged_merge(repository, settings, change, author, said)
    if verdict is not None:
        sys.stdout.write(render(verdict, "text", language))
    if not merged.accepted:
        click.echo()
        _show_unwritten(made)
        return 1
    if merged.commit is None:
        click.echo("The set says so already.")
    else:
        click.echo(f"Merged as {merged.commit}: {', '.join(counts)}.")
    return 0


def _show_unwritten(made: Sequence[Decision]) -> None:
    """Show decisions that could not be merged, so that nobody has to make them again."""
    from migov.linking.review import written_decisions

    click.echo("Nothing was written. What you decided, for --decisions once it is mended:\n")
    sys.stdout.write(written_decisions(made))
