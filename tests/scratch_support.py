"""A real `migov serve --scratch` for tests, and requests to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from conftest import started


@contextmanager
def scratch(*options: str) -> Iterator[httpx.Client]:
    """Run a scratch dataset in a process of its own and give a client of it."""
    with (
        started("serve", "--scratch", "--port", "0", *options) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def empty(client: httpx.Client) -> None:
    """Let the dataset be as it was when it began."""
    assert client.post("/sparql", data={"update": "DROP ALL"}).status_code == 204
