"""The tokenizer sees what a query reaches for, in whatever clothes, in linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migov.sparql.tokens import dataset_clause, iris, readings, tokenize
from migov.vocabulary import INFERRED_GRAPH, PREFIXES

PIECES = (
    *('"', "'", '"""', "'''", "\\", "\\u0022", "\\u0027", "\\U0000003C", "<", ">", "#", "\n", " "),
    *("@", "@en", ":", "a:b", "a:-", "_:b", ".", "..", "-", "%20", "?x", "$y", "1", "1.5e3"),
    *("{", "}", "(", ")", "FROM", "SERVICE", "é", "\u2028", "\x00", "\ud800", "http://a/", "//"),
)
TRICKY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def texts(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


def words(text: str) -> list[str]:
    return [token.text for token in tokenize(text) if token.kind == "word"]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(text)]


@pytest.mark.parametrize(
    "text",
    [
        '"SERVICE"',
        "'SERVICE'",
        '"""a\nSERVICE "" b"""',
        "'''a ' SERVICE '' b'''",
        r'"\" SERVICE"',
        r"'\' SERVICE'",
        r'"""\""" SERVICE"""',
        '""" SERVICE \\\\"""',
        "# SERVICE",
        "# a\r# SERVICE\n",
        "<http://a/SERVICE>",
        "?SERVICE $SERVICE",
        "a:SERVICE SERVICE:a :SERVICE",
        "a:b.SERVICE",
        "a:b-SERVICE.c",
        r"a:b\.SERVICE",
        "a:%20SERVICE",
        "_:SERVICE",
        "@SERVICE",
        "SERVICES",
        "?a<?b&&?c>?d SERVICE".replace(" SERVICE", ""),
    ],
)
def test_a_keyword_inside_another_terminal_is_none(text: str) -> None:
    assert "SERVICE" not in words(text)


@pytest.mark.parametrize(
    "text",
    [
        "SERVICE",
        "service",
        "SILENT SERVICE<a>",
        '"a" SERVICE',
        '"a\\\\" SERVICE "b"',
        '"" SERVICE ""',
        '"""a""" SERVICE """b"""',
        '"""""" SERVICE',
        "'''' SERVICE '",
        '"a\nSERVICE "b',
        '"""a" SERVICE "b',
        "# a\nSERVICE",
        "# a\rSERVICE",
        "?a<?b SERVICE ?c>?d",
        "<a b> SERVICE <c>",
        "a: SERVICE",
        "a:.SERVICE",
        "a:-SERVICE",
        "a:b.SERVICE".replace("b.", "b. "),
        "a:b..SERVICE".replace("..", " . "),
        "1SERVICE",
        "1.SERVICE",
        "?a.SERVICE",
        "}.SERVICE",
        "a.SERVICE",
        r"SERV\u0049CE",
        r"S\U00000045RVICE",
        r"'a\u0027SERVICE'",
        r"<a\u003ESERVICE",
        r"# a\u000ASERVICE",
        "@en SERVICE",
        "()SERVICE[]",
    ],
)
def test_a_keyword_is_seen_wherever_it_is_one(text: str) -> None:
    assert "SERVICE" in [word.upper() for word in words(text)]


def test_comments_and_nothing_else_are_left_out() -> None:
    text = 'ASK # one\n{ <http://a/#b> ?s \'#\' """#\n#""" a:b\\#c } # end'
    assert texts(text) == [
        *("ASK", "{", "<http://a/#b>", "?s", "'#'", '"""#\n#"""', "a:b\\#c", "}"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?a<?b", [("variable", "?a"), ("mark", "<"), ("variable", "?b")]),
        ("?a<?b&&?c>?d", [("variable", "?a"), ("iri", "<?b&&?c>"), ("variable", "?d")]),
        ("1<2", [("number", "1"), ("mark", "<"), ("number", "2")]),
        ("<= >=", [("mark", "<"), ("mark", "="), ("mark", ">"), ("mark", "=")]),
        ("<>", [("iri", "<>")]),
        ("-1.5e-3", [("mark", "-"), ("number", "1.5e-3")]),
        (".5", [("number", ".5")]),
        ("1.", [("number", "1"), ("mark", ".")]),
        ("?o.ex:a", [("variable", "?o"), ("mark", "."), ("name", "ex:a")]),
        ("a:b.", [("name", "a:b"), ("mark", ".")]),
        ("a:b-", [("name", "a:b-")]),
        ("a:b..c", [("name", "a:b..c")]),
        ("a.b:c", [("name", "a.b:c")]),
        ("a.:c", [("word", "a"), ("mark", "."), ("name", ":c")]),
        ("a::b", [("name", "a::b")]),
        ("a:1", [("name", "a:1")]),
        ("é:ü", [("name", "é:ü")]),
        ("a:%41%zz", [("name", "a:%41%zz")]),
        ("a:b\\,c", [("name", "a:b\\,c")]),
        ("a:b,c", [("name", "a:b"), ("mark", ","), ("word", "c")]),
        ("'a'@en-GB", [("string", "'a'"), ("language", "@en-GB")]),
        ("'a'^^a:b", [("string", "'a'"), ("mark", "^"), ("mark", "^"), ("name", "a:b")]),
        ("'''a'", [("string", "''"), ("string", "'a'")]),
        ("'a", [("mark", "'"), ("word", "a")]),
        ('"""a""""', [("string", '"""a"""'), ("mark", '"')]),
        ('""""a"', [("string", '""'), ("string", '""'), ("word", "a"), ("mark", '"')]),
        ("a*b", [("word", "a"), ("mark", "*"), ("word", "b")]),
    ],
)  # fmt: skip
def test_terminals_are_cut_as_the_grammar_cuts_them(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert kinds(text) == expected


@given(TRICKY)
def test_whatever_the_text_tokens_stand_where_they_say(text: str) -> None:
    for tokens in (tokenize(text), *readings(text)):
        end = 0
        for token in tokens:
            assert token.text
            assert token.offset >= end
            end = token.offset + len(token.text)
    if "\\u" not in text and "\\U" not in text:
        for token in tokenize(text):
            assert text[token.offset : token.offset + len(token.text)] == token.text


@given(TRICKY)
def test_nothing_but_space_and_comments_is_passed_over(text: str) -> None:
    for tokens in readings(text):
        assert all(token.text.strip() for token in tokens)
    plain = text.replace("#", "").replace("\\u", "").replace("\\U", "")
    assert "".join("".join(texts(plain)).split()) == "".join(plain.split())


@given(TRICKY)
def test_no_text_breaks_what_is_made_of_tokens(text: str) -> None:
    tokens = tokenize(text)
    assert len(iris(tokens, known=PREFIXES)) == len(tokens)
    assert len(iris(tokens, "http://a/b")) == len(tokens)
    dataset_clause(tokens)


@pytest.mark.parametrize("piece", ['"', "\\", ":", "@", "<", "."])
def test_a_megabyte_of_anything_is_cut(piece: str) -> None:
    assert tokenize(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize(
    "piece",
    [
        *('"""', "'''", "-", "%", "é", "1", "\\u", "a-", "é.", "1.", "a:", "a:-", "a:.", "-."),
        *("a:b.", "é ", "://", "<a", "<://", "@a-", '\\"', "\\'", '\\"""', '\\"""\n', "\\'''\n"),
        *('"\\\n', "'\n", '"""\\"', "\\\\'", "'\"", "'#", "<a://'", '<"'),
    ],
)
def test_no_text_takes_more_than_linear_time(piece: str) -> None:
    """No time is asserted: a terminal that is looked for again and again takes minutes here."""
    text = piece * (50_000 // len(piece))
    for first in ("", '"'):
        assert tokenize(first + text)
    assert readings("<a" + text[:20_000])


def test_prefixed_names_and_bases_are_resolved() -> None:
    text = r"""
        BASE <http://b/x/> PREFIX a: <http://a/> PREFIX : <rel#> PREFIX a.b: <http://ab/>
        ASK { GRAPH a:g\,h-%41. {} GRAPH :x {} GRAPH <y> {} GRAPH a.b:c.d {} GRAPH un:known {} }
    """
    tokens = tokenize(text)
    names = {token.text: iri for token, iri in zip(tokens, iris(tokens), strict=True)}
    assert names[r"a:g\,h-%41"] == "http://a/g,h-%41"
    assert names[":x"] == "http://b/x/rel#x"
    assert names["<y>"] == "http://b/x/y"
    assert names["a.b:c.d"] == "http://ab/c.d"
    assert names["un:known"] is None
    assert names["ASK"] is None


def test_a_prefix_may_be_known_and_declared_again() -> None:
    tokens = tokenize("ASK { a:x a:y a:z }")
    assert [iri for iri in iris(tokens, known={"a": "http://k/"}) if iri] == [
        *("http://k/x", "http://k/y", "http://k/z"),
    ]
    again = tokenize("PREFIX a: <http://d/> ASK { a:x }")
    assert iris(again, known={"a": "http://k/"})[-2] == "http://d/x"


@pytest.mark.parametrize(
    "text",
    [
        f"FROM <{INFERRED_GRAPH}>",
        "PREFIX g: <https://w3id.org/migov/graph/> FROM g:inferred",
        "BASE <https://w3id.org/migov/graph/> FROM <inferred>",
        r"FROM <https://w3id.org/migov/graph/\u0069nferred>",
        f"from# a\n<{INFERRED_GRAPH}>",
    ],
)
def test_a_dataset_clause_is_read_in_every_spelling(text: str) -> None:
    clause = dataset_clause(tokenize(f"{text} {{ ?s ?p ?o }}"))
    assert clause is not None
    assert clause.default == (INFERRED_GRAPH,)
    assert clause.named == ()


def test_a_dataset_clause_tells_default_and_named_apart() -> None:
    text = "SELECT * FROM <a:1> FROM NAMED <a:2> from named <a:3> FROM <a:4> { ?s ?p 'FROM <a:5>' }"
    clause = dataset_clause(tokenize(text))
    assert clause is not None
    assert clause.default == ("a:1", "a:4")
    assert clause.named == ("a:2", "a:3")
    assert dataset_clause(tokenize("SELECT * { ?s ?p 'FROM <a:5>' } # FROM <a:6>")) is None
    assert dataset_clause(tokenize("FROM")) is None
    assert dataset_clause(tokenize("FROM NAMED")) is None
