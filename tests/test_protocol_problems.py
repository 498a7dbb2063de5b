"""Every error has a problem document that says what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from migov import errors
from migov.catalogue import InvalidValuesError
from migov.catalogue import Problem as ParameterProblem
from migov.entities import NoSuchEntityError
from migov.errors import MigovError, Place
from migov.protocol import errors as protocol_errors
from migov.protocol.problems import PROBLEMS, problem


def _kinds(base: type[MigovError]) -> Iterator[type[MigovError]]:
    yield base
    for child in base.__subclasses__():
        yield from _kinds(child)


class TestProblems:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (errors.QuerySyntaxError("x"), 400),
            (errors.TooComplexError("x"), 400),
            (errors.RefusedError("x"), 403),
            (errors.UnknownEntityError("x"), 404),
            (errors.UnknownQueryError("x"), 404),
            (protocol_errors.MethodError("x", allowed=("GET",)), 405),
            (errors.UnknownFormatError("x"), 406),
            (protocol_errors.TooLongError("x"), 413),
            (protocol_errors.MediaTypeError("x"), 415),
            (errors.ParameterError("x"), 422),
            (errors.DeadlineError("x"), 503),
            (errors.BusyError("x"), 503),
            (errors.EnvironmentProblem("x"), 500),
        ],
    )
    def test_status(self, error: MigovError, status: int) -> None:
        told = problem(error)
        assert told.status == status
        assert json.loads(told.body())["status"] == status
        assert (("Retry-After", "5") in told.headers) == (status == 503)

    def test_every_error_has_a_face(self) -> None:
        for error in _kinds(MigovError):
            assert any(base in PROBLEMS for base in error.__mro__)
        assert len({kind.slug for kind in PROBLEMS.values()}) == len(PROBLEMS)

    def test_members(self) -> None:
        error = errors.QuerySyntaxError(
            "Not here.", place=Place("query", 3, 7, "FILTR"), hint="Mend it."
        )
        assert problem(error).document() == {
            "type": "https://w3id.org/migov/problem/query-syntax",
            "title": "Not valid SPARQL",
            "status": 400,
            "detail": "Not here.",
            "line": 3,
            "column": 7,
            "text": "FILTR",
            "hint": "Mend it.",
        }

    def test_parameters_and_suggestions_are_named(self) -> None:
        wrong = InvalidValuesError("x", [ParameterProblem("country", "moroco", "a", ("mar",))])
        document = problem(wrong).document()
        assert document["parameters"][0]["suggestions"] == ("mar",)
        unknown = NoSuchEntityError("https://w3id.org/migov/id/actor/i", ["https://a/b"])
        assert problem(unknown).document()["suggestions"] == ["https://a/b"]
