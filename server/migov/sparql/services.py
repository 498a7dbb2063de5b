"""SERVICE groups of a query, found on tokens, and what may stand in the place of their answers.

A group `SERVICE <endpoint> { … }` is evaluated by itself and its solutions are joined with the
rest (SPARQL 1.1 Federated Query, section 4), so once they are known, `VALUES` with these solutions
may stand where the group stood. Here is the text side of that: where the groups are, what is to be
asked in their place, and which patterns beside them bind the same variables. Nothing is parsed by
an engine and nothing is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from migov.errors import Place, QuerySyntaxError, RefusedError
from migov.sparql.beside import certain, segments
from migov.sparql.tokens import DatasetClause, Token, cuts, dataset_clause, iris, may_say


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """One SERVICE group: `text[start:end]`, with its braces from `opening` on.

    `endpoint` is the IRI, None where the term is a variable or a name without a known prefix.
    `certain` are the variables that every solution of the group binds, without question mark.
    `graph` is the term of the nearest GRAPH around it, as written. `declarations` are the BASE and
    the prefixes that its text needs. `tokens` are those between the braces, escapes undone,
    `named` the IRI that each stands for and `offsets` where each stands in the text.
    """

    start: int
    opening: int
    end: int
    term: str
    endpoint: str | None
    silent: bool
    certain: frozenset[str]
    graph: str | None
    declarations: str
    tokens: tuple[Token, ...]
    named: tuple[str | None, ...]
    offsets: tuple[int, ...]
    parent: int
    prologue: str
    text: str

    @property
    def inner(self) -> str:
        """The group graph pattern, braces included."""
        return self.text[self.opening : self.end]

    @property
    def query(self) -> str:
        """The same question as a query of its own."""
        return f"{self.declarations}SELECT * WHERE {self.inner}"

    def offset_of(self, index: int) -> int:
        """Return where one of the `tokens` stands in the text, or the end for one past them."""
        return self.offsets[index] if index < len(self.offsets) else self.end - 1

    @property
    def place(self) -> Place:
        return place_in(self.text, self.start)

    def in_place(self) -> str:
        """Return `query` with every character where it stands in the text.

        What a parser says of it has the line and the column of the query that was asked.
        """
        return "".join(
            (
                self.prologue,
                blank(self.text[len(self.prologue) : self.start]),
                "SELECT*",  # as long as SERVICE
                blank(self.text[self.start + 7 : self.opening]),
                self.inner,
            )
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A query with its SERVICE groups in order, and the dataset that its FROM clauses name."""

    text: str
    groups: tuple[ServiceGroup, ...]
    dataset: DatasetClause | None
    _named: frozenset[str | None]
    _tokens: tuple[Token, ...]
    _closing: Mapping[int, int]

    def names(self, iri: str) -> bool:
        """Return whether an IRI stands anywhere in the text."""
        return iri in self._named

    def beside(self, group: ServiceGroup, answers: Mapping[int, str]) -> Beside | None:
        """Return the patterns that are joined with a group in the group graph pattern around it.

        `answers` has what stands in the place of groups that are answered already, by `start`.
        None where nothing joins with it that binds a variable.
        """
        found = segments(self.text, self._tokens, self._closing, group.parent, answers)
        if not found:
            return None
        pattern = " . ".join(segment.text for segment in found)
        if group.graph is not None:
            pattern = f"GRAPH {group.graph} {{ {pattern} }}"
        names = frozenset[str]().union(*(segment.variables for segment in found))
        return Beside(pattern, names, group.prologue)

    def replaced(self, answers: Mapping[int, str]) -> str:
        """Return the text with `answers`, by `start`, where the groups stood."""
        pieces: list[str] = []
        end = 0
        for group in self.groups:
            pieces += [self.text[end : group.start], f" {answers[group.start]} "]
            end = group.end
        return "".join([*pieces, self.text[end:]])

    def skeleton(self, heads: Mapping[int, Sequence[str]]) -> str:
        """Return the text with an empty VALUES in the place of each group.

        Its parser finds what is wrong outside the groups where it stands. `heads` has the
        variables of each group by `start`.
        """
        pieces: list[str] = []
        end = 0
        for group in self.groups:
            values = inline_data(heads[group.start], "")
            pieces.append(self.text[end : group.start])
            pieces.append(_padded(values, self.text[group.start : group.end]))
            end = group.end
        return "".join([*pieces, self.text[end:]])


@dataclass(frozen=True, slots=True)
class Beside:
    """Patterns that every solution must match too, and the variables in them.

    Whatever the rest of the query does, a solution of the SERVICE group that fits none of their
    solutions fits nothing.
    """

    pattern: str
    variables: frozenset[str]
    prologue: str

    def query(self, names: Sequence[str], limit: int) -> str:
        """Return a query for the distinct values of some variables, at most `limit` of them."""
        head = " ".join(f"?{name}" for name in names)
        return f"{self.prologue}\nSELECT DISTINCT {head} WHERE {{ {self.pattern}\n}} LIMIT {limit}"


def find_services(text: str, known: Mapping[str, str] | None = None) -> Found | None:
    """Return the SERVICE groups of a query, or None when it has none.

    `known` are prefixes that hold without being declared. Raises RefusedError where the text can
    be cut into tokens in more than one way, or a group has another inside; QuerySyntaxError where
    a group is not whole.

    >>> found = find_services("ASK { ?s ?p ?o SERVICE SILENT <http://a/> { ?s ?q 1 } }")
    >>> [(group.endpoint, group.silent, group.inner) for group in found.groups]
    [('http://a/', True, '{ ?s ?q 1 }')]
    """
    if not may_say(text, "SERVICE"):
        return None
    versions = [(version, list(tokens)) for version, tokens in cuts(text)]
    place = next(
        (
            place_in(version, token.offset)
            for version, tokens in versions
            for token in tokens
            if token.is_word("SERVICE")
        ),
        None,
    )
    if place is None:
        return None
    if len({tuple(map(_shape, tokens)) for _, tokens in versions}) > 1:
        raise RefusedError(
            "A query with SERVICE has to read in one way only, and this one reads in several.",
            place=place,
            hint=r"Write characters instead of \u escapes, and a space after < where it compares.",
        )
    # Escapes are undone in the first version; offsets in the text are those of the last.
    read, written = versions[0][1], versions[-1][1]
    named = iris(read, known=known)
    closing = _closing(text, written)
    groups = tuple(_groups(text, read, written, named, closing, known or {}))
    clause = dataset_clause(read, known)
    return Found(text, groups, clause, frozenset(named), tuple(written), closing)


def inline_data(variables: Sequence[str], rows: str) -> str:
    """Return an inline data block; `rows` are serialised, each in parentheses.

    >>> inline_data(["a"], '("x")')
    'VALUES(?a){("x")}'
    """
    return f"VALUES({' '.join(f'?{name}' for name in variables)}){{{rows}}}"


def blank(text: str) -> str:
    """Return spaces in the place of a text, its line breaks kept."""
    return "".join(character if character in "\r\n" else " " for character in text)


def place_in(text: str, offset: int) -> Place:
    line = text.count("\n", 0, offset) + 1
    return Place.within("query", text, line, offset - text.rfind("\n", 0, offset))


def _shape(token: Token) -> tuple[str, str]:
    """Return what must not depend on how a text is cut: everything but the inside of strings."""
    return (token.kind, "" if token.kind == "string" else token.text)


def _groups(
    text: str,
    read: Sequence[Token],
    written: Sequence[Token],
    named: Sequence[str | None],
    closing: Mapping[int, int],
    known: Mapping[str, str],
) -> Iterator[ServiceGroup]:
    prologue = _prologue(text, written)
    around: list[tuple[int, str | None]] = []
    inside = -1
    for index, token in enumerate(written):
        if token.kind == "mark" and token.text == "{":
            around.append((index, _graph_before(written, index, around)))
        elif token.kind == "mark" and token.text == "}":
            around.pop()
        elif token.is_word("SERVICE"):
            if index < inside:
                raise _nested(text, token)
            silent = index + 1 < len(written) and written[index + 1].is_word("SILENT")
            at = index + (2 if silent else 1)
            if at + 1 not in closing or written[at + 1].text != "{" or not around:
                raise QuerySyntaxError(
                    "SERVICE stands inside a group, before an endpoint and a group of its own.",
                    place=place_in(text, token.offset),
                    hint="Such as SELECT * { SERVICE <https://example.org/sparql> { ?s ?p ?o } }",
                )
            opening, inside = at + 1, closing[at + 1]
            within = slice(opening + 1, inside)
            yield ServiceGroup(
                token.offset,
                written[opening].offset,
                written[inside].offset + 1,
                written[at].text,
                named[at],
                silent,
                certain(written[within]),
                around[-1][1],
                _declarations(read, named, read[within], known),
                tuple(read[within]),
                tuple(named[within]),
                tuple(token.offset for token in written[within]),
                around[-1][0],
                prologue,
                text,
            )


def _graph_before(
    tokens: Sequence[Token], opening: int, around: Sequence[tuple[int, str | None]]
) -> str | None:
    """Return the term of the GRAPH whose group opens here, or that of the GRAPH around."""
    if opening >= 2 and tokens[opening - 2].is_word("GRAPH"):
        return tokens[opening - 1].text
    return around[-1][1] if around else None


def _closing(text: str, tokens: Sequence[Token]) -> dict[int, int]:
    """Return for the index of each opening brace or parenthesis that of the closing one."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "mark":
            continue
        if token.text in "{([":
            opened.append(index)
        elif token.text in "})]":
            if not opened or tokens[opened[-1]].text + token.text not in ("{}", "()", "[]"):
                raise _unbalanced(text, token)
            pairs[opened.pop()] = index
    if opened:
        raise _unbalanced(text, tokens[opened[-1]])
    return pairs


def _declarations(
    tokens: Sequence[Token],
    named: Sequence[str | None],
    used: Sequence[Token],
    known: Mapping[str, str],
) -> str:
    """Return the BASE, and those prefixes that some tokens use, as a prologue."""
    base = ""
    prefixes = {f"{name}:": iri for name, iri in known.items()}
    for index, token in enumerate(tokens):
        iri = named[index]
        if token.kind == "iri" and iri is not None and index:
            if index > 1 and tokens[index - 2].is_word("PREFIX"):
                prefixes[tokens[index - 1].text] = iri
            elif tokens[index - 1].is_word("BASE"):
                base = iri
    names = dict.fromkeys(
        token.text.partition(":")[0] + ":" for token in used if token.kind == "name"
    )
    lines = [f"BASE <{base}>\n"] if base else []
    lines += [f"PREFIX {name} <{prefixes[name]}>\n" for name in names if name in prefixes]
    return "".join(lines)


def _prologue(text: str, tokens: Sequence[Token]) -> str:
    """Return what stands before the query form: the declarations."""
    for token in tokens:
        if token.is_word("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            return text[: token.offset]
    return ""


def _padded(values: str, stood: str) -> str:
    """Return a text that ends where the other ended: after as many lines, in the same column."""
    breaks = stood.count("\n")
    last = len(stood) - stood.rfind("\n") - 1
    return values + "\n" * breaks + " " * (last if breaks else last - len(values))


def _nested(text: str, token: Token) -> RefusedError:
    return RefusedError(
        "SERVICE inside another SERVICE is not allowed.",
        place=place_in(text, token.offset),
        hint="Put the groups side by side: each is asked by this server, and the answers joined.",
    )


def _unbalanced(text: str, token: Token) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"This {token.text} has no partner.", place=place_in(text, token.offset)
    )
