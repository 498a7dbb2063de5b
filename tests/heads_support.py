"""Requests as bytes, and answers read back, for tests of what a connection takes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from front_support import Served, serving
from migov.access import new_token
from migov.settings import Settings
from writing_support import AUTHOR, policed_repository

ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")
QUERY = b"Content-Type: application/sparql-query\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small repository that takes writes, behind a proxy on this machine."""
    folder = tmp_path_factory.mktemp("heads")
    tokens = folder / "private" / "tokens.json"
    new_token(tokens, "ann", ["merge"], AUTHOR)
    settings = Settings(cache=folder / "cache", tokens=tokens, proxies="127.0.0.1", deadline=3.0)
    with serving(policed_repository(folder / "checkout"), settings) as both:
        yield both


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client sends is an error of this server."""
    yield
    records = caplog.get_records("call")
    assert [each.getMessage() for each in records if each.levelno >= logging.ERROR] == []


def head(*lines: str, target: str = "/health", method: str = "GET", version: str = "1.1") -> bytes:
    first = f"{method} {target} HTTP/{version}"
    return "\r\n".join([first, *lines, "Connection: close", "", ""]).encode()


def post(*lines: bytes, body: bytes, version: bytes = b"1.1") -> bytes:
    more = b"".join(line + b"\r\n" for line in lines)
    return b"POST /sparql HTTP/%b\r\nHost: x\r\n%b%b\r\n%b" % (version, QUERY, more, body)


def status(answer: bytes) -> int:
    found = ANSWER.match(answer)
    assert found is not None, answer
    return int(found[1])


def told(answer: bytes) -> dict[str, str]:
    assert b"\r\ncontent-type: application/problem+json\r\n" in answer
    document: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["detail"]
    assert document["hint"]
    return document
