"""The canned queries, listed and described."""

from __future__ import annotations

from migov.catalogue import CannedQuery, Parameter, read_catalogue
from migov.cli.asked import Asked, Canned
from migov.cli.failure import show_error
from migov.cli.terminal import console, print_trimmed
from migov.errors import RequestError
from migov.repository import find_repository
from migov.settings import Settings


def show_catalogue(settings: Settings, language: str) -> None:
    """List the canned queries with their titles."""
    from rich.table import Table
    from rich.text import Text

    catalogue = read_catalogue(find_repository(settings.root).queries)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for slug, query in catalogue.items():
        table.add_row(Text(slug, style="bold"), query.title[language])
    out = console()
    print_trimmed(table, out)
    out.print()
    example = next((example_of(query) for query in catalogue.values() if query.example), "NAME")
    out.print(f"{len(catalogue)} questions. Ask one: migov query {example}")
    out.print("What one takes: migov query NAME --describe")
    for error in catalogue.broken.values():
        show_error(error)


def describe_query(asked: Asked, language: str) -> None:
    """Say what a canned query asks, what it takes, and how to ask it."""
    if not isinstance(asked, Canned):
        raise RequestError("Only canned queries can be described.", hint="See “migov query”.")
    query = asked.query
    out = console()
    out.print(query.title[language], style="bold")
    out.print(" ".join(query.summary[language].split()))
    if query.parameters:
        out.print()
    for parameter in query.parameters:
        _describe_parameter(parameter, language)
    if query.inferred:
        adds = {"adds": "More rows with --inferred.", "needed": "Answered from what follows."}
        out.print()
        out.print(adds[query.inferred])
    out.print()
    out.print(f"migov query {example_of(query)}", style="cyan")


def _describe_parameter(parameter: Parameter, language: str) -> None:
    from rich.text import Text

    text = Text("  ")
    text.append(f"--{parameter.name}", style="bold")
    text.append(f"  {parameter.label[language]}: {parameter.expected}")
    if parameter.required:
        text.append("; required")
    elif parameter.default:
        text.append(f"; {parameter.default} if unsaid")
        if parameter.name != "lang":  # labels are always in one language
            text.append(", any if empty")
    else:
        text.append("; any if unsaid or empty")
    console().print(text)


def example_of(query: CannedQuery) -> str:
    """Return the words that ask a query with its example."""
    values = [f"--{name} {_quoted(value)}" for name, value in query.example.items()]
    return " ".join([query.slug, *values])


def _quoted(value: str) -> str:
    import shlex

    return shlex.quote(value)
